"""How the HTML report looks, by day and by night. What must not enter: anything but CSS."""

from __future__ import annotations

STYLE = """
:root{--paper:#fbfaf8;--ink:#1d1b19;--soft:#6b6660;--line:#e2ded8;--card:#fff;
--good:#2d7d46;--bad:#b3261e;--warn:#a86400;--idle:#7a7671;--accent:#8c2f2f}
@media (prefers-color-scheme:dark){:root{--paper:#171514;--ink:#ece8e3;--soft:#a39c94;
--line:#35302c;--card:#201d1b;--good:#6cc08b;--bad:#ff8a80;--warn:#f0b45c;--idle:#958f88;
--accent:#e08a8a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:70rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{margin:0;font-size:1.9rem;letter-spacing:-.01em}
h2{margin:2.5rem 0 .75rem;font-size:1.2rem}
h2 small,td small,.tile small{color:var(--soft);font-weight:400}
h3{margin:0 0 .6rem;font-size:1.05rem}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.86em}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--paper);
border:1px solid var(--line);border-radius:6px;padding:.7rem .9rem;max-height:24rem;overflow:auto}
header{border-left:6px solid var(--idle);padding-left:1rem}
header p{margin:.2rem 0;color:var(--soft)}
header .verdict{font-size:1.15rem;font-weight:600;color:var(--idle)}
.code0{border-color:var(--good)}.code0 .verdict{color:var(--good)}
.code1{border-color:var(--bad)}.code1 .verdict{color:var(--bad)}
.code3,.code130{border-color:var(--warn)}
.code3 .verdict,.code130 .verdict{color:var(--warn)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.2rem,1fr));gap:.7rem;
margin-top:1.5rem}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.7rem .9rem;
color:var(--soft)}
.tile b{display:block;font-size:1.5rem;color:var(--ink)}
.tile.passed b{color:var(--good)}.tile.failed b{color:var(--bad)}
.tile.known b,.tile.inconclusive b{color:var(--warn)}.tile.none b{color:var(--idle)}
.tile small{display:block}
.bar{display:block;height:6px;border-radius:3px;background:var(--line);margin:.35rem 0}
.bar i{display:block;height:100%;border-radius:3px;background:var(--accent)}
.notes{color:var(--soft)}
article{background:var(--card);border:1px solid var(--line);border-left:5px solid var(--bad);
border-radius:8px;padding:1rem 1.2rem;margin-bottom:1rem}
article.known{border-left-color:var(--warn)}
dl{display:grid;grid-template-columns:7rem 1fr;gap:.2rem .8rem;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.state{color:var(--soft);margin:.8rem 0 .3rem}
summary{cursor:pointer;color:var(--soft);padding:.15rem 0}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.9rem}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:8px;
overflow:hidden}
figure.failed{border-color:var(--bad)}
figure img{display:block;width:100%;aspect-ratio:1;object-fit:contain;background:
repeating-conic-gradient(var(--line) 0 25%,transparent 0 50%) 0 0/16px 16px}
figcaption{padding:.5rem .7rem;font-size:.8rem;color:var(--soft);overflow-wrap:anywhere}
figcaption b{display:block;color:var(--ink)}
table{border-collapse:collapse;width:100%;font-size:.88rem}
th,td{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--line);
vertical-align:top;overflow-wrap:anywhere}
th{color:var(--soft);font-weight:500}
td small{display:block}
tr.passed td:first-child{color:var(--good)}tr.failed td:first-child{color:var(--bad)}
tr.known td:first-child,tr.inconclusive td:first-child{color:var(--warn)}
tr.not-checked td:first-child{color:var(--idle)}
""".strip()
