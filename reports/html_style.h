// The look of report.html: readable on a phone and on paper, light and dark, without a file or a script from elsewhere.
#pragma once

namespace tales::reports {

inline constexpr char kHtmlStyle[] = R"css(
:root { color-scheme: light dark; --red: #b3261e; --amber: #8a5a00; --green: #1b6e33; --line: #d0d4da; --soft: #f4f5f7; --text: #1c1e21; --page: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --red: #ff8a80; --amber: #ffcc66; --green: #7ddc93; --line: #3a3f47; --soft: #23272d; --text: #e6e8eb; --page: #16181c; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 70rem; font: 1rem/1.45 system-ui, sans-serif; color: var(--text); background: var(--page); }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; }
h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
p { margin: .3rem 0; }
code, pre { font: .88rem/1.4 ui-monospace, monospace; }
pre { margin: .2rem 0; padding: .5rem; background: var(--soft); border-radius: .3rem; white-space: pre-wrap; overflow-wrap: anywhere; }
a { color: inherit; }
summary { cursor: pointer; padding: .35rem 0; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; margin: .4rem 0; }
dt { opacity: .75; }
dd { margin: 0; overflow-wrap: anywhere; }
.banner { padding: .6rem .8rem; border: 2px solid var(--amber); border-radius: .3rem; margin: .6rem 0; }
.suite { border-top: 1px solid var(--line); }
.suite > summary { font-weight: 600; }
.case { border-left: .25rem solid var(--red); padding-left: .7rem; margin: .5rem 0 .5rem .2rem; }
.quiet { border-left-color: var(--amber); }
.names { margin: .2rem 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
.names li { content-visibility: auto; contain-intrinsic-size: auto 1.4em; }
.red { color: var(--red); } .amber { color: var(--amber); } .green { color: var(--green); }
.soft { opacity: .75; font-weight: normal; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { padding-bottom: .3rem; } }
)css";

}  // namespace tales::reports
