/** The look of the page, for light and for dark screens. */
export const DIAGRAM_STYLE = `
:root { color-scheme: light dark; --page: #ffffff; --panel: #f6f7f9; --edge: #d9dde3; --text: #1d2430; --muted: #76808f;
  --lane: #b9c1cc; --packet: #4a6fa5; --call: #17806d; --commit: #1f6feb; --final: #0a8f4e; --role: #8250df;
  --bad: #cf222e; --bad-soft: #ffebe9; --fault: #b35900; --fault-soft: #fff3e0; --down: #cf222e55; --guide: #e6e9ee; }
@media (prefers-color-scheme: dark) { :root { --page: #10141b; --panel: #171c25; --edge: #2c3440; --text: #dde3ec;
  --muted: #8792a2; --lane: #465062; --packet: #82aae3; --call: #4fc4ab; --commit: #6cb0ff; --final: #4cd38a;
  --role: #bb96ff; --bad: #ff7b72; --bad-soft: #4a1d20; --fault: #f0a050; --fault-soft: #3a2a14; --down: #ff7b7266;
  --guide: #212834; } }
* { box-sizing: border-box; }
html, body { height: 100%; margin: 0; }
body { display: flex; flex-direction: column; background: var(--page); color: var(--text);
  font: 13px/1.45 system-ui, sans-serif; }
header { padding: 12px 18px 10px; border-bottom: 1px solid var(--edge); background: var(--panel); }
h1 { margin: 0; font-size: 17px; } header p { margin: 2px 0 0; color: var(--muted); }
.violations { margin: 8px 0 0; padding: 7px 12px 7px 28px; max-height: 8.5em; overflow: auto; border-radius: 5px;
  border: 1px solid var(--bad); background: var(--bad-soft); color: var(--bad); }
form { display: flex; flex-wrap: wrap; gap: 4px 14px; margin-top: 9px; }
label { display: inline-flex; align-items: center; gap: 4px; cursor: pointer; }
label .count { color: var(--muted); font-variant-numeric: tabular-nums; }
main { flex: 1; min-height: 0; display: grid; grid-template-columns: minmax(0, 1fr) minmax(250px, 24vw); }
.diagram { overflow: auto; position: relative; } .names { position: sticky; top: 0; z-index: 2; height: 30px; min-width: 100%;
  background: var(--panel); border-bottom: 1px solid var(--edge); }
.names span { position: absolute; top: 5px; transform: translateX(-14px); max-width: 172px; padding: 0 7px;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 600; border-radius: 4px;
  border: 1px solid var(--edge); background: var(--page); }
svg { display: block; } svg text { font-size: 10.5px; fill: var(--text); paint-order: stroke; stroke: var(--page);
  stroke-width: 3px; stroke-linejoin: round; }
svg .tick { fill: var(--muted); text-anchor: end; font-variant-numeric: tabular-nums; } svg .tick.pause { font-size: 9px; }
path.pause { stroke: var(--guide); } .lane { stroke: var(--lane); } .hatch { stroke: var(--bad); stroke-width: 2; }
.down { fill: url(#hatch); stroke: var(--bad); stroke-width: 1; opacity: 0.5; }
.hit { fill: transparent; stroke: transparent; stroke-width: 9; } .e { cursor: default; }
.arrow { fill: none; stroke: var(--packet); stroke-width: 1.2; } .arrow.packet { marker-end: url(#head-packet); }
.arrow.call { stroke: var(--call); stroke-width: 1.6; marker-end: url(#head-call); } .arrow.lost { stroke: var(--bad); }
.k-answer .arrow { stroke-dasharray: 5 3; } .arrow.open { stroke-dasharray: 2 3; }
.arrow.arrives { marker-end: url(#head-open); } .head { fill: var(--packet); } .head.call { fill: var(--call); }
.cross { fill: none; stroke: var(--bad); stroke-width: 2; } .k-send text { fill: var(--packet); }
.k-invoke text, .k-answer text { fill: var(--call); }
.mark { fill: var(--muted); } .k-persist text, .k-log text { fill: var(--muted); }
.k-boot .mark { fill: var(--final); } .k-crash .mark { stroke: var(--bad); stroke-width: 2.5; fill: none; }
.k-halt .mark { fill: var(--bad); } .k-crash text, .k-halt text { fill: var(--bad); font-weight: 600; }
.k-commit .mark { fill: var(--commit); } .k-final .mark { fill: var(--final); } .k-final .core { fill: var(--page); }
.k-role .mark { fill: var(--role); } .k-role text { fill: var(--role); font-weight: 600; }
.k-invoke .mark, .k-answer .mark { fill: var(--call); } .k-fault .mark { fill: var(--fault); }
.k-fault text { fill: var(--fault); font-weight: 600; } .k-fault .band { fill: var(--fault-soft); stroke: var(--fault); }
.k-fault .band ~ text, .k-violation .band ~ text { stroke: none; }
.k-violation .band { fill: var(--bad-soft); stroke: var(--bad); stroke-width: 1.5; }
.k-violation text { fill: var(--bad); font-weight: 700; font-size: 11.5px; }
.e:hover .arrow, .e.picked .arrow { stroke-width: 3; } .e:hover text, .e.picked text { font-weight: 700; }
.e:hover .band, .e.picked .band { stroke-width: 3; }
ol { margin: 0; padding: 0; overflow: auto; list-style: none; border-left: 1px solid var(--edge); background: var(--panel);
  font: 11.5px/1.5 ui-monospace, monospace; }
ol li { padding: 1px 10px; cursor: pointer; overflow-wrap: anywhere; content-visibility: auto;
  contain-intrinsic-size: auto 18px; border-left: 3px solid transparent; }
ol li:hover, ol li.picked { background: var(--page); border-left-color: var(--commit); } ol b { font-weight: 600; }
ol time { color: var(--muted); } ol i { font-style: normal; color: var(--muted); }
ol .k-violation, ol .k-crash, ol .k-halt { color: var(--bad); } ol .k-fault { color: var(--fault); }
ol .k-commit b, ol .k-final b { color: var(--commit); } ol .k-role b { color: var(--role); }
#tip { position: fixed; z-index: 3; display: none; max-width: 520px; padding: 6px 9px; border-radius: 5px; pointer-events: none;
  border: 1px solid var(--edge); background: var(--panel); box-shadow: 0 3px 12px #0004; white-space: pre-wrap;
  overflow-wrap: anywhere; }
@media (max-width: 800px) { main { grid-template-columns: 1fr; grid-template-rows: 2fr 1fr; } ol { border-top: 1px solid var(--edge); } }
`;
