/* What the address asks for, the controls that change it, and the start. */
/* The address. */
const PREFIX = "#findings?";
const decoded = text => {
  try { return decodeURIComponent(text); } catch { return ""; }
};
const read = () => {
  const hash = location.hash;
  if (hash.startsWith("#finding-")) return new URLSearchParams({finding: decoded(hash.slice(9))});
  return new URLSearchParams(hash.startsWith(PREFIX) ? hash.slice(PREFIX.length) : "");
};
const isOurs = () => location.hash.startsWith(PREFIX) || location.hash.startsWith("#finding-");
let asked = read(), routed = location.hash, found = [], key = null, opened = new Set(), linked = false, printing = false, missing = "";
let typed = null, held = null;
const go = (changes, isTyping) => {
  const wanted = new URLSearchParams(isOurs() && location.hash !== routed ? read() : asked);
  wanted.delete("finding");
  for (const [name, value] of Object.entries({page: "", ...changes})) {
    if (value) wanted.set(name, value); else wanted.delete(name);
  }
  const hash = PREFIX + wanted;
  typed = isTyping ? hash : null;
  if (isTyping) location.replace(hash); else location.hash = hash;
};
const codes = {level: Object.keys(data.levels), rule: data.rules.map(item => item.id)};
const chosen = name => {
  const value = asked.get(name) ?? "", small = value.toLowerCase();
  return codes[name]?.find(code => code.toLowerCase() === small) ?? value;
};

const isChosen = () => [...FILTERS, "q"].some(chosen);
const matching = () => {
  const tests = [];
  for (const name of FILTERS) {
    const value = chosen(name), facet = facets[name];
    if (name === "state" && !value) {
      const rests = facet.values.map(state => state === "closed" || state === "waived");
      tests.push(k => !rests[facet.codes[k]]);
    } else if (value && !(name === "state" && value === "all")) {
      const fits = facet.values.map(item => item === value);
      tests.push(k => fits[facet.codes[k]]);
    }
  }
  for (const word of fold(chosen("q")).split(/\s+/).filter(Boolean)) {
    const holds = holding(word);
    tests.push(k => holds[k]);
  }
  const fits = new Uint8Array(total).fill(1);
  for (const test of tests) for (let k = 0; k < total; k++) if (fits[k] && !test(k)) fits[k] = 0;
  const list = [];
  for (let k = 0; k < total; k++) if (fits[k]) list.push(k);
  return list;
};
const select = () => {
  const wanted = JSON.stringify([...FILTERS, "q", "sort"].map(chosen));
  if (wanted === key) return;
  key = wanted;
  found = inOrder(matching(), chosen("sort"));
};
const pages = () => Math.max(1, Math.ceil(found.length / PAGE));
const page = () => Math.min(pages(), Math.max(1, parseInt(chosen("page"), 10) || 1));

/* The controls. A filter with one value shows where the address asks for it; one with many is
   a field that suggests what they are called. */
const panel = parts.content.cloneNode(true), title = document.getElementById("findings-title");
const status = panel.querySelector("[role=status]"), clear = panel.querySelector("[name=clear]");
const heads = [...table.tHead.querySelectorAll("[data-sort]")], below = panel.querySelector(".pages").cloneNode(true);
const suggest = (control, values) => {
  const list = make("datalist", "", {id: "values-of-" + control.name}), field = make("input", "", {name: control.name, list: list.id, autocomplete: "off"});
  const all = values.map(value => called(field.name, value));
  const offer = () => {
    const part = fold(field.value);
    list.replaceChildren(...all.filter(text => fold(text).includes(part)).slice(0, SUGGESTED).map(value => make("option", "", {value})));
  };
  const known = () => {
    const whole = fold(field.value), place = all.findIndex(text => fold(text) === whole);
    return place < 0 ? values.find(value => fold(value) === whole) : values[place];
  };
  field.addEventListener("input", () => {
    offer();
    if (!field.value || known()) go({[field.name]: known()}, true);
  });
  field.addEventListener("change", () => go({[field.name]: known() ?? field.value}));
  field.addEventListener("focus", offer);
  control.replaceWith(field);
  field.after(list);
  return field;
};
const option = (value, text) => {
  const made = make("option", clip(text, 60));
  made.value = value;
  return made;
};
const choose = (control, values) => {
  const name = control.name, isState = name === "state";
  control.append(option("", isState ? texts.tonight : texts.all), ...values.map(value => option(value, called(name, value))));
  if (isState) control.append(option("all", texts.all));
  control.isSpare = values.length < 2;
  return control;
};
const show = control => {
  const name = control.name, value = chosen(name);
  if (control.tagName === "SELECT") {
    if (![...control.options].some(item => item.value === value)) control.append(option(value, called(name, value)));
    control.parentElement.hidden = control.isSpare && !value;
  } else if (typed !== null && control === document.activeElement) return;
  control.value = control.list ? called(name, value) : value;
};
const controls = [...panel.querySelectorAll("select, input")].map(control => {
  if (control.type === "search") return control;
  const name = control.name, values = [...new Set(facets[name].values)].filter(Boolean), order = codes[name] ?? Object.keys(data.states);
  const isListed = name === "level" || name === "state";
  values.sort((a, b) => isListed ? order.indexOf(a) - order.indexOf(b) : collator.compare(called(name, a), called(name, b)));
  return values.length > CHOICES ? suggest(control, values) : choose(control, values);
});
for (const control of controls) {
  if (control.type === "search") control.addEventListener("input", () => go({q: control.value}, true));
  else if (!control.list) control.addEventListener("change", () => go({[control.name]: control.value}));
}
clear.addEventListener("click", () => {
  asked = new URLSearchParams();
  typed = null;
  controls.forEach(show);
  go({});
  controls[0].focus();
});
panel.querySelector("[name=csv]").addEventListener("click", download);
for (const head of heads) {
  const button = make("button", head.textContent, {type: "button"}), name = head.dataset.sort;
  button.addEventListener("click", () => {
    const now = chosen("sort");
    go({sort: now === name ? "-" + name : now === "-" + name ? "" : name});
  });
  head.replaceChildren(button);
}
const turn = by => {
  const wanted = page() + by;
  if (wanted >= 1 && wanted <= pages()) go({page: String(wanted)});
};
const pagers = [panel.querySelector(".pages"), below];
for (const control of pagers) {
  const [back, on] = control.querySelectorAll("button");
  for (const [button, by] of [[back, -1], [on, 1]]) button.addEventListener("click", () => {
    turn(by);
    if (control === below) { table.scrollIntoView(); status.focus({preventScroll: true}); }
  });
}
body.addEventListener("click", event => {
  const button = event.target.closest("button");
  if (button) toggle(button.closest("tr"), button.getAttribute("aria-expanded") !== "true");
});
document.addEventListener("click", event => {
  const link = event.target.closest("a[href^='#finding']");
  if (!link) return;
  linked = link.hash !== "#findings";
  if (linked && link.hash === location.hash) { event.preventDefault(); route(); }
});
addEventListener("hashchange", route);
/* Printing draws the rows anew: what had the focus in them gets it back. */
addEventListener("beforeprint", () => {
  const focused = document.activeElement, line = body.contains(focused) && focused.closest("tr");
  held = line && {found: (line.found === undefined ? line.previousElementSibling : line).found, isBelow: line.found === undefined, name: focused.tagName};
  printing = true;
  draw();
});
addEventListener("afterprint", () => {
  printing = false;
  draw();
  const line = held && [...body.rows].find(item => item.found === held.found);
  if (line) (held.isBelow ? line.nextElementSibling : line).querySelector(held.name)?.focus({preventScroll: true});
});
for (const part of section.querySelectorAll(".unscripted")) part.hidden = true;
table.caption.textContent = texts.caption;
table.setAttribute("aria-describedby", status.id);
table.before(panel);
table.after(below);
linked = isOurs();
for (const other of [...table.tBodies].slice(1)) other.remove();
body.replaceChildren();
body.removeAttribute("class");
if (linked) route();
else { select(); draw(); }
linked = false;
section.dataset.ready = "";
idle(() => foldAhead(0));
