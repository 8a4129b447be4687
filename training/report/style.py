"""How the report looks: one embedded style, nothing fetched; light, dark, on paper, on a phone."""

STYLE = """
:root { color-scheme: light dark; --page: #eef1f4; --paper: #ffffff; --ink: #18212b;
  --soft: #55626f;
  --rule: #dde3e8; --faint: #f5f7f9; --s0: #1f5fa8; --s1: #c4511a; --s2: #5b6770; --s3: #7a4a9e;
  --good: #1e7a46; --good-back: #e7f4ec; --doubt: #8a5a00; --doubt-back: #fdf3dc;
  --bad: #a3262a; --bad-back: #fbe9e9; }
@media (prefers-color-scheme: dark) { :root { --page: #10151b; --paper: #182029; --ink: #e6ebf0;
  --soft: #a3b0bc; --rule: #323d49; --faint: #1e2832; --s0: #6aa8ec; --s1: #f0935a; --s2: #9aa7b2;
  --s3: #c39be4; --good: #62c98d; --good-back: #17301f; --doubt: #e0b04e; --doubt-back: #33290f;
  --bad: #f08a8d; --bad-back: #3a1a1b; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", "Noto Sans", "Noto Sans SC", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 20px; }
header, section, nav { background: var(--paper); border-radius: 12px; padding: 22px 28px;
  margin: 0 0 16px; border: 1px solid var(--rule); }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 2px; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 0 0 10px; scroll-margin-top: 12px; }
h2 .no { color: var(--soft); font-weight: 500; margin-right: 8px; }
h3 { font-size: 15px; margin: 22px 0 6px; }
p { margin: 6px 0 10px; max-width: 78ch; overflow-wrap: anywhere; }
.under { color: var(--soft); margin: 0 0 14px; }
.lead { font-size: 16px; }
.soft { color: var(--soft); }
a { color: var(--s0); text-decoration: none; } a:hover { text-decoration: underline; }
.verdict { padding: 14px 18px; border-radius: 10px; border-left: 7px solid; margin: 10px 0 14px;
  font-size: 17px; max-width: none; }
.verdict b { font-size: 20px; display: block; }
.good { background: var(--good-back); border-color: var(--good); }
.doubt { background: var(--doubt-back); border-color: var(--doubt); }
.bad { background: var(--bad-back); border-color: var(--bad); }
.checks { list-style: none; padding: 0; margin: 0; display: grid; gap: 6px 26px;
  grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); }
.checks li { display: grid; grid-template-columns: 62px 1fr; gap: 10px; align-items: start;
  overflow-wrap: anywhere; }
.mark-good, .mark-doubt, .mark-bad, .mark-none { font-size: 12px; font-weight: 700;
  border-radius: 5px;
  padding: 2px 0; text-align: center; border: 1px solid; margin-top: 2px; }
.mark-good { color: var(--good); } .mark-doubt { color: var(--doubt); }
  .mark-bad { color: var(--bad); }
.mark-none { color: var(--soft); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(138px, 1fr)); gap: 10px;
  margin: 14px 0 6px; }
.tile { background: var(--faint); border-radius: 10px; padding: 10px 14px; }
.tile b { display: block; font-size: 23px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tile small { color: var(--soft); display: block; }
nav ol { columns: 3 220px; margin: 0; padding-left: 24px; }
nav li { padding: 1px 0; }
.wide { overflow-x: auto; margin: 8px 0 12px; }
table { border-collapse: collapse; font-size: 13.5px; }
caption { text-align: left; color: var(--soft); padding: 0 0 4px; }
th, td { text-align: left; padding: 5px 13px 5px 0; border-bottom: 1px solid var(--rule);
  vertical-align: top; font-variant-numeric: tabular-nums; }
td { min-width: 9ch; max-width: 44ch; overflow-wrap: anywhere; }
td.n { min-width: 0; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; vertical-align: bottom; }
th.n, td.n { text-align: right; white-space: nowrap; }
tbody tr:hover { background: var(--faint); }
.flag { color: var(--bad); font-weight: 700; white-space: nowrap; }
.l1 { background: var(--doubt-back); color: var(--doubt); padding: 1px 5px; border-radius: 4px; }
.l2 { background: var(--bad-back); color: var(--bad); padding: 1px 5px; border-radius: 4px;
  font-weight: 700; }
dl { display: grid; gap: 0 32px;
  grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr));
  margin: 8px 0; }
dl > div { display: grid; grid-template-columns: minmax(110px, 40%) 1fr; gap: 10px; padding: 3px 0;
  border-bottom: 1px solid var(--rule); }
dt { color: var(--soft); overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
ul { margin: 6px 0 10px; padding-left: 20px; } li { overflow-wrap: anywhere; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr));
  gap: 18px 26px; margin: 12px 0; }
.small { grid-template-columns: repeat(auto-fit, minmax(min(290px, 100%), 1fr)); }
figure { margin: 0; break-inside: avoid; min-width: 0; }
figcaption { font-weight: 600; font-size: 14px; margin-bottom: 4px; overflow-wrap: anywhere; }
svg { width: 100%; max-width: 540px; height: auto; display: block; }
svg text { font: 11.5px system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif;
  fill: var(--soft); }
svg .name { fill: var(--ink); } svg .note { fill: var(--bad); }
.grid { stroke: var(--rule); stroke-width: 1; } .axis { stroke: var(--soft); stroke-width: 1; }
.limit { stroke: var(--bad); stroke-width: 1.4; stroke-dasharray: 5 3; }
.ideal { stroke: var(--s2); stroke-width: 1.2; stroke-dasharray: 2 4; fill: none; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; } .thin { stroke-width: .9;
  opacity: .42; }
.whisker { stroke-width: 2; opacity: .75; }
.s0 { stroke: var(--s0); } .s1 { stroke: var(--s1); stroke-dasharray: 7 3; }
.s2 { stroke: var(--s2); stroke-dasharray: 2 3; } .s3 { stroke: var(--s3);
  stroke-dasharray: 9 3 2 3; }
.whisker.s1, .whisker.s2, .whisker.s3, .thin { stroke-dasharray: none; }
.m0 { fill: var(--s0); } .m1 { fill: var(--s1); } .m2 { fill: var(--s2); } .m3 { fill: var(--s3); }
.bar { fill: var(--s0); } .bar1 { fill: var(--s1); } .area { fill: var(--s0); opacity: .14;
  stroke: none; }
details { margin: 8px 0; } summary { cursor: pointer; color: var(--s0); font-weight: 600; }
.sign { display: grid; grid-template-columns: repeat(auto-fit, minmax(270px, 1fr)); gap: 26px 34px;
  margin-top: 18px; }
.sign > div { break-inside: avoid; } .sign b { display: block; }
.rule { border-bottom: 1px solid var(--ink); height: 34px; margin: 0 0 3px; }
.sign small { color: var(--soft); }
footer { color: var(--soft); font-size: 13px; padding: 4px 8px 24px; }
@media (max-width: 640px) { main { padding: 10px; } header, section, nav { padding: 16px 14px; }
  .checks { grid-template-columns: 1fr; } dl { grid-template-columns: 1fr; }
  th, td { padding-right: 11px; } th { white-space: normal; } svg text { font-size: 13px; } }
@media print { :root { color-scheme: light; } @page { margin: 14mm; }
  body { background: #fff; font-size: 11px; } main { max-width: none; padding: 0; }
  header, section, nav { border: 0; border-radius: 0; padding: 0; margin: 0 0 18px; }
  h2, h3, figcaption { break-after: avoid; } tr, .tile, .verdict { break-inside: avoid; }
  .charts { grid-template-columns: 1fr 1fr; } .small { grid-template-columns: 1fr 1fr 1fr; }
  .wide { overflow: visible; } details::details-content { content-visibility: visible; }
  .verdict, .tile, .l1, .l2 { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  a { color: inherit; } }
"""
