"""How the report looks: one embedded style, nothing fetched."""

STYLE = """
:root { color-scheme: light; }
body { margin: 0; background: #f4f5f7; color: #1d2733;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
main { max-width: 1000px; margin: 24px auto; padding: 28px 36px; background: #fff;
  border-radius: 10px; }
h1 { font-size: 22px; margin: 0 0 12px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 28px 0 8px; border-bottom: 1px solid #e3e6ea; }
.verdict { padding: 12px 16px; border-radius: 8px; border-left: 6px solid; }
.good { background: #eaf6ee; border-color: #2e8b57; }
.doubt { background: #fdf5e3; border-color: #d19a1c; }
.bad { background: #fbeaea; border-color: #b83232; }
table { border-collapse: collapse; font-size: 13px; margin: 8px 0; }
th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid #eef0f3;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
th { color: #5b6673; font-weight: 600; }
.charts { display: flex; flex-wrap: wrap; gap: 18px; margin-top: 16px; }
figure { margin: 0; } figcaption { font-weight: 600; margin-bottom: 4px; }
svg text { font: 11px system-ui, sans-serif; fill: #44505c; }
svg { max-width: 100%; height: auto; }
"""
