"""How the catalogue looks: one embedded style, nothing fetched; light, dark and on paper."""

STYLE = """
:root { color-scheme: light dark; --page: #eef1f4; --paper: #fff; --ink: #18212b; --soft: #55626f;
  --rule: #dde3e8; --bar: #1f5fa8; --doubt: #8a5a00; --doubt-back: #fdf3dc; }
@media (prefers-color-scheme: dark) { :root { --page: #10151b; --paper: #182029; --ink: #e6ebf0;
  --soft: #a3b0bc; --rule: #323d49; --bar: #6aa8ec; --doubt: #e0b04e; --doubt-back: #33290f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "Noto Sans SC", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 20px; }
header, nav, section { background: var(--paper); border: 1px solid var(--rule);
  border-radius: 12px; padding: 18px 26px; margin: 0 0 16px; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 20px; margin: 0 0 6px; }
h3 { font-size: 16px; margin: 22px 0 2px; scroll-margin-top: 10px; }
h4 { font: 600 14px ui-monospace, monospace; margin: 0; overflow-wrap: anywhere; }
p { margin: 4px 0; max-width: 84ch; } .soft { color: var(--soft); }
.doubt { background: var(--doubt-back); color: var(--doubt); padding: 8px 12px;
  border-radius: 8px; }
a { color: var(--bar); text-decoration: none; }
nav ul { columns: 3 240px; margin: 0; padding-left: 18px; }
article { display: grid; grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr) 300px;
  gap: 4px 26px; padding: 12px 0; border-top: 1px solid var(--rule); break-inside: avoid; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 10px; margin: 0;
  font-size: 13px; align-content: start; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
details { font-size: 12.5px; } summary { cursor: pointer; color: var(--soft); }
code { font: 12px ui-monospace, monospace; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 11px system-ui, "Noto Sans", "Noto Sans SC", sans-serif; fill: var(--soft); }
.bar { fill: var(--bar); } .axis { stroke: var(--rule); }
table { border-collapse: collapse; width: 100%; table-layout: fixed; font-size: 11px;
  font-variant-numeric: tabular-nums; }
th { color: var(--soft); font-weight: 500; } th, td { text-align: right; padding: 0 0 0 6px;
  white-space: nowrap; } th:first-child, td:first-child { padding: 0; text-align: left; }
@media (max-width: 860px) { article { grid-template-columns: 1fr; } main { padding: 8px; }
  header, nav, section { padding: 14px; } }
@media print { body { background: #fff; font-size: 11px; } header, nav, section { border: 0; }
  article { grid-template-columns: 1.25fr 1fr 260px; } }
"""
