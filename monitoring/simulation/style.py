"""How the page looks: one embedded style, nothing fetched."""

STYLE = """
:root { color-scheme: light; }
body { margin: 0; background: #f4f5f7; color: #1d2733;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
main { max-width: 1010px; margin: 24px auto; padding: 28px 36px; background: #fff;
  border-radius: 10px; }
h1 { font-size: 22px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 34px 0 8px; border-bottom: 1px solid #e3e6ea; }
h3 { font-size: 14px; margin: 20px 0 2px; }
.what { color: #5b6673; margin: 0 0 14px; overflow-wrap: anywhere; }
.verdict { padding: 12px 16px; border-radius: 8px; border-left: 6px solid #1b6ca8;
  background: #eef5fb; font-size: 17px; }
.verdict p { margin: 0 0 6px; } .verdict p:last-child { margin: 0; }
.warning { padding: 8px 16px; border-radius: 8px; border-left: 6px solid #d19a1c;
  background: #fdf5e3; margin: 8px 0; }
.legend span { display: inline-block; margin-right: 18px; }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 6px;
  margin-right: 6px; }
table { border-collapse: collapse; font-size: 13px; margin: 6px 0; }
th, td { text-align: right; padding: 4px 14px 4px 0; border-bottom: 1px solid #eef0f3;
  font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; overflow-wrap: anywhere; }
th { color: #5b6673; font-weight: 600; }
td small { color: #76808b; display: block; }
.charts { display: flex; flex-wrap: wrap; gap: 22px; margin-top: 12px; align-items: flex-start; }
figure { margin: 0; } figcaption { font-weight: 600; margin-bottom: 2px; font-size: 14px; }
svg text { font: 11px system-ui, sans-serif; fill: #44505c; }
svg { max-width: 100%; height: auto; }
ul { padding-left: 20px; margin: 6px 0; color: #44505c; font-size: 14px; }
details { margin-top: 10px; } summary { cursor: pointer; font-weight: 600; }
"""
