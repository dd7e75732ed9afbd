/* The table of all findings. Its state lives in the address alone: controls change the address, and a change of the
   address draws the table. Texts come from the packed data, and are set as text, never as markup. It is put into the
   page as one line, so that every statement ends with a semicolon and no comment runs to the end of a line. */
(async () => {
  "use strict";
  const PAGE = 50, PRINTED = 500, CHOICES = 30, SUGGESTED = 20, LONGEST = 400, NAME = 120;
  const FILTERS = ["level", "rule", "state", "type", "segment", "reseller", "owner"];
  const NOBODY = "(nobody)";
  const section = document.getElementById("findings"), table = document.getElementById("found");
  const source = document.getElementById("findings-data"), parts = document.getElementById("findings-controls");
  const body = table.tBodies[0], language = document.documentElement.lang;
  const collator = new Intl.Collator(language, {numeric: true});
  const grouped = new Intl.NumberFormat(language, {useGrouping: "always"});
  const written = number => grouped.format(number);
  const clip = (text, most) => {
    const signs = text.length > most ? [...text] : [];
    return signs.length > most ? signs.slice(0, most - 1).join("").trimEnd() + "\u2026" : text;
  };
  const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (all, name) => values[name] ?? all);

  const unpack = async text => {
    const raw = atob(text), bytes = new Uint8Array(raw.length);
    for (let k = 0; k < raw.length; k++) bytes[k] = raw.charCodeAt(k);
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  };
  let data, heap;
  try {
    const text = await unpack(source.textContent), end = text.indexOf("\n");
    data = JSON.parse(text.slice(0, end));
    heap = text.slice(end + 1);
  } catch { return; }
  const texts = data.texts, total = data.n, term = name => data.terms[name] ?? name ?? "";

  /* A column is its different values, and for each finding the place of its value among them. */
  const places = (length, place) => Int32Array.from({length}, (none, k) => place(k));
  const cut = ({w, at: begin, n}) => Array.from({length: n}, (none, k) => heap.slice(begin + k * w, begin + (k + 1) * w));
  const column = (spec, length) => {
    const values = Array.isArray(spec.v) ? spec.v : cut(spec.v);
    if (spec.i) return {values, codes: Int32Array.from(spec.i)};
    return {values, codes: values.length === 1 ? new Int32Array(length) : places(length, k => k)};
  };
  const at = (col, k) => col.values[col.codes[k]];
  const through = (outer, inner) => ({values: inner.values, codes: outer.codes.map((c, k) => inner.codes[at(outer, k)])});
  const turned = (col, turn) => ({values: col.values.map(turn), codes: col.codes});
  const cols = {};
  for (const [name, spec] of Object.entries(data.columns)) cols[name] = column(spec, total);
  const customers = Math.max(0, ...cols.customer.values) + 1;
  for (const [name, spec] of Object.entries(data.customers))
    cols["customer_" + name] = through(cols.customer, column(spec, customers));
  const who = k => at(cols.customer_shown, k) || at(cols.customer_name, k) || "";
  const rule = k => data.rules[at(cols.rule, k)];
  const triage = k => data.triages[at(cols.triage, k)];
  const listed = (codes, values) => ({values, codes: codes.codes.map((c, k) => at(codes, k))});
  const ruled = turn => listed(cols.rule, data.rules.map(turn));
  const triaged = place => listed(cols.triage, data.triages.map(item => item[place]));

  /* Findings with the same labels are a group; within it they keep their order. */
  const members = data.groups.map(() => []);
  const position = places(total, k => members[at(cols.group, k)].push(k) - 1);
  const groups = data.groups.map((group, g) => ({
    labels: group.labels,
    message: column(group.message, members[g].length),
    values: group.values.map(spec => column(spec, members[g].length)),
  }));
  const joined = (() => {
    const values = [], starts = [];
    for (const group of groups) { starts.push(values.length); for (const text of group.message.values) values.push(text); }
    const codes = places(total, k => {
      const g = at(cols.group, k);
      return starts[g] + groups[g].message.codes[position[k]];
    });
    return {values, codes};
  })();
  const message = k => at(joined, k);
  const place = k => {
    const line = at(cols.line, k);
    return line === null ? at(cols.file, k) : at(cols.file, k) + ":" + line;
  };

  const facets = {
    level: ruled(item => item.level),
    rule: ruled(item => item.id),
    state: cols.state,
    type: cols.customer_type,
    segment: cols.segment,
    reseller: cols.reseller,
    owner: turned(triaged(1), name => name || NOBODY),
  };
  const called = {
    level: value => data.levels[value],
    rule: value => value,
    state: value => data.states[value],
    type: term,
    segment: term,
    reseller: value => value,
    owner: value => value === NOBODY ? texts.nobody : value,
  };

  /* Searching: each word must be in one of the texts of a finding, whatever its case and its accents. */
  const plain = {"\u0142": "l", "\u00f8": "o", "\u0111": "d", "\u00df": "ss", "\u00e6": "ae", "\u0131": "i"};
  const fold = text => {
    const small = String(text ?? "").toLowerCase();
    if (/^[\x20-\x7e]*$/.test(small)) return small;
    return small.normalize("NFD").replace(/\p{M}/gu, "").replace(/[\u0142\u00f8\u0111\u00df\u00e6\u0131]/g, c => plain[c]);
  };
  const own = make => ({values: Array.from({length: total}, (none, k) => make(k)), codes: places(total, k => k)});
  const searched = [
    () => cols.id, () => cols.customer_id, () => cols.customer_name, () => cols.customer_shown,
    () => turned(cols.customer_type, term), () => cols.reseller, () => cols.subscription, () => cols.offer,
    () => turned(cols.segment, term), () => facets.rule, () => ruled(item => item.title), () => joined, () => own(place),
    () => triaged(0), () => triaged(1), () => triaged(3), () => cols.tag, () => cols.unsure, () => cols.cause,
    () => listed(cols.waiver, data.waivers.map(item => item ? item.slice(0, 3).join(" ") : "")),
  ];
  const folded = searched.map(() => null);
  const foldColumn = k => folded[k] ??= (col => ({texts: col.values.map(fold), codes: col.codes}))(searched[k]());
  const foldFacts = group => group.folded ??= group.values.map(col => ({texts: col.values.map(fold), codes: col.codes}));
  const marks = (list, word) => {
    const found = new Uint8Array(list.length);
    let any = false;
    for (let k = 0; k < list.length; k++) if (list[k].includes(word)) { found[k] = 1; any = true; }
    return any && found;
  };
  const holding = word => {
    const found = new Uint8Array(total);
    for (let c = 0; c < searched.length; c++) {
      const col = foldColumn(c), hits = marks(col.texts, word);
      if (hits) for (let k = 0; k < total; k++) found[k] |= hits[col.codes[k]];
    }
    groups.forEach((group, g) => {
      for (const col of foldFacts(group)) {
        const hits = marks(col.texts, word);
        if (hits) members[g].forEach((k, p) => { found[k] |= hits[col.codes[p]]; });
      }
    });
    return found;
  };
  const idle = window.requestIdleCallback ?? (task => setTimeout(task, 50));
  const foldAhead = k => {
    if (k < searched.length) foldColumn(k);
    else if (k < searched.length + groups.length) foldFacts(groups[k - searched.length]);
    else return;
    idle(() => foldAhead(k + 1));
  };

  /* Sorting: by the rank of each different value; what is empty comes last either way, ties stay as they were. */
  const ranked = (col, compare, isEmpty) => {
    const order = col.values.map((value, k) => k).sort((a, b) => compare(col.values[a], col.values[b]));
    const ranks = new Int32Array(order.length);
    let rank = 0;
    order.forEach((k, p) => {
      if (p && compare(col.values[order[p - 1]], col.values[k])) rank++;
      ranks[k] = isEmpty(col.values[k]) ? -1 : rank;
    });
    return col.codes.map(code => ranks[code]);
  };
  const byText = col => ranked(col, (a, b) => collator.compare(a, b), value => !value);
  const byNumber = col => ranked(col, (a, b) => a - b, value => value === null || value < 0);
  const names = () => {
    const known = new Map(), values = [];
    const codes = places(total, k => {
      const name = who(k);
      if (!known.has(name)) known.set(name, values.push(name) - 1);
      return known.get(name);
    });
    return {values, codes};
  };
  const sorts = {
    customer: () => byText(names()),
    what: () => byText(joined),
    rule: () => byText(facets.rule),
    seats: () => byNumber(cols.seats),
    due: () => byNumber(cols.due),
    since: () => byNumber(cols.since),
  };
  const ranks = {};
  const inOrder = (found, sort) => {
    const name = sort.replace(/^-/, "");
    if (!Object.hasOwn(sorts, name)) return found;
    const rank = ranks[name] ??= sorts[name](), last = total + 1, down = sort[0] === "-";
    const keys = Float64Array.from(found, k => (rank[k] < 0 ? last : down ? total - rank[k] : rank[k]) * (total + 1) + k);
    return Int32Array.from(keys.sort(), key => key % (total + 1));
  };

  /* The address. */
  const PREFIX = "#findings?";
  const read = () => {
    const hash = location.hash;
    if (hash.startsWith("#finding-")) return new URLSearchParams({finding: decodeURIComponent(hash.slice(9))});
    return new URLSearchParams(hash.startsWith(PREFIX) ? hash.slice(PREFIX.length) : "");
  };
  const isOurs = () => location.hash.startsWith(PREFIX) || location.hash.startsWith("#finding-");
  let asked = read(), routed = location.hash, found = [], key = null, opened = new Set(), linked = false, printing = false;
  const go = (changes, isTyping) => {
    const wanted = new URLSearchParams(isOurs() && location.hash !== routed ? read() : asked);
    wanted.delete("finding");
    for (const [name, value] of Object.entries({page: "", ...changes})) {
      if (value) wanted.set(name, value); else wanted.delete(name);
    }
    const hash = PREFIX + wanted;
    if (isTyping) location.replace(hash); else location.hash = hash;
  };
  const chosen = name => asked.get(name) ?? "";

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

  /* Drawing. */
  const make = (name, text, attributes) => {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    for (const [attribute, value] of Object.entries(attributes ?? {})) if (value !== "") element.setAttribute(attribute, value);
    return element;
  };
  const day = (k, form) => k < 0 ? "" : data.days[k][form];
  const lines = (...given) => given.filter(Boolean).join("\n");
  const beside = k => {
    const [decision, owner, promised, note] = triage(k);
    const said = (label, text) => text && label + ": " + clip(text, 240);
    return [
      clip(at(cols.offer, k) ?? "", NAME), said(texts.owner, owner), said(texts.promised, day(promised, 1)),
      said(texts.decision, decision), said(texts.note, note), at(cols.cause, k),
    ].filter(Boolean);
  };
  const ruleCell = k => {
    const cell = make("td"), {id, level, linked: isLinked} = rule(k);
    cell.append(isLinked ? make("a", id, {href: "#rule-" + id}) : id, "\n" + data.levels[level]);
    return cell;
  };
  const whatCell = k => {
    const cell = make("td"), tag = lines(at(cols.tag, k), at(cols.unsure, k)).replace("\n", ", ");
    cell.append(make("button", clip(message(k), LONGEST), {type: "button", "aria-expanded": "false"}));
    if (tag) cell.append(" ", make("span", tag, {class: "tag " + at(cols.state, k).replace(" ", "_")}));
    const more = beside(k);
    if (more.length) cell.append(make("small", more.join("\n")));
    return cell;
  };
  const row = k => {
    const id = "finding-" + at(cols.id, k), due = at(cols.due, k), seats = at(cols.seats, k), money = at(cols.money, k);
    const line = make("tr", "", {class: rule(k).level}), head = make("th", clip(who(k), NAME), {scope: "row"});
    const kind = at(cols.customer_type, k), open = at(cols.since, k);
    if (!document.getElementById(id)) line.id = id;
    if (kind) head.append(make("small", clip(term(kind), 80)));
    const by = due >= 0 ? day(due, 1) : rule(k).level === "violation" ? texts.now : "\u2013";
    line.append(
      head, whatCell(k), ruleCell(k),
      make("td", lines(seats === null ? "\u2013" : written(seats), money && clip(fill(texts.month, {money}), 40)),
           {"data-label": table.dataset.seats}),
      make("td", by, {class: due >= 0 && due < data.hot ? "hot" : ""}),
      make("td", lines(day(open, 1), day(open, 3)), {"data-label": table.dataset.since}),
    );
    line.found = k;
    return line;
  };
  const facts = k => {
    const group = groups[at(cols.group, k)], waiver = data.waivers[at(cols.waiver, k)], [decision, owner, promised, note] = triage(k);
    const first = at(cols.first, k);
    const given = [
      [texts.finding, at(cols.id, k)], [texts.customer_id, at(cols.customer_id, k)],
      [texts.subscription, at(cols.subscription, k)], [texts.offer, at(cols.offer, k)],
      [texts.segment, term(at(cols.segment, k))], [texts.reseller, at(cols.reseller, k)],
      [texts.source, place(k)], [texts.first_seen, first === at(cols.since, k) ? "" : day(first, 2)],
      ...group.labels.map((label, c) => [label, at(group.values[c], position[k])]),
      [texts.owner, owner], [texts.promised, day(promised, 2)], [texts.decision, decision], [texts.note, note],
    ];
    if (waiver) given.push([texts.scope, waiver[0]], [texts.reason, waiver[1]], [texts.approved_by, waiver[2]], [texts.until, waiver[3]]);
    return given.filter(([label, text]) => text);
  };
  const evidence = k => {
    const line = make("tr", "", {class: "evidence"}), cell = make("td", "", {colspan: 6}), list = make("dl");
    if (rule(k).steps.length) {
      const steps = make("ol");
      steps.append(...rule(k).steps.map(step => make("li", step)));
      cell.append(steps);
    }
    for (const [label, text] of facts(k)) list.append(make("dt", label), make("dd", clip(text, LONGEST)));
    cell.append(list, make("a", texts.link, {href: PREFIX + "finding=" + at(cols.id, k)}));
    line.append(cell);
    return line;
  };
  const toggle = (line, isOpen) => {
    const button = line.querySelector("button");
    if (isOpen === (button.getAttribute("aria-expanded") === "true")) return;
    button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) { line.after(evidence(line.found)); opened.add(line.found); }
    else { line.nextElementSibling.remove(); opened.delete(line.found); }
  };

  const draw = () => {
    const from = (page() - 1) * PAGE, most = printing ? PRINTED : PAGE, start = printing ? 0 : from;
    const shown = Array.from(found.slice(start, start + most));
    body.replaceChildren();
    body.append(...shown.map(row));
    for (const line of [...body.rows]) if (opened.has(line.found)) { opened.delete(line.found); toggle(line, true); }
    status.textContent = shown.length
      ? fill(texts.many, {first: written(start + 1), last: written(start + shown.length), all: written(found.length)})
      : isChosen() ? texts.none : texts.nothing;
    for (const control of pagers) {
      const [back, on] = control.querySelectorAll("button");
      back.setAttribute("aria-disabled", String(page() === 1));
      on.setAttribute("aria-disabled", String(page() === pages()));
      control.querySelector("span").textContent = fill(texts.page, {page: written(page()), pages: written(pages())});
      control.hidden = pages() === 1;
    }
    const sort = chosen("sort");
    for (const head of heads) {
      if (sort.replace("-", "") === head.dataset.sort) head.setAttribute("aria-sort", sort[0] === "-" ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    for (const control of controls) if (control !== document.activeElement || control.tagName === "SELECT") control.value = chosen(control.name);
    clear.hidden = !isChosen() && !sort;
  };
  const reveal = wanted => {
    const k = cols.id.codes.findIndex((code, place) => at(cols.id, place) === wanted);
    if (k < 0) return null;
    select();
    let spot = found.indexOf(k);
    if (spot < 0) {
      asked = new URLSearchParams({state: "all"});
      select();
      spot = found.indexOf(k);
    }
    asked.set("page", Math.floor(spot / PAGE) + 1);
    opened = new Set([k]);
    return k;
  };
  const route = () => {
    const hash = location.hash, isLinked = linked;
    linked = false;
    if (!isOurs() && hash && hash !== "#findings") return;
    const there = hash.startsWith("#finding-") && document.getElementById(hash.slice(1));
    if (there && !body.contains(there)) return;
    asked = read();
    routed = hash;
    opened = new Set();
    const target = asked.get("finding"), k = target ? reveal(target) : null;
    select();
    draw();
    if (!isLinked) return;
    if (k === null) {
      section.scrollIntoView();
      title.focus({preventScroll: true});
      return;
    }
    const line = [...body.rows].find(item => item.found === k);
    line.scrollIntoView({block: "center"});
    line.querySelector("button").focus({preventScroll: true});
  };

  /* The CSV of the current filter: the columns of findings.csv, no cell of which a spreadsheet runs. */
  const SKIPPED = "[\\s\\ufeff\\u00ad\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069]*", SIGNS = "[=+\\-@\\uff0b\\uff0d\\uff1d\\uff20]";
  const formula = new RegExp("^(?:" + SKIPPED + SIGNS + "| *[\\t\\r])"), inner = new RegExp("(;" + SKIPPED + ")(?=" + SIGNS + ")", "g");
  const cell = value => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return String(value);
    const safe = (formula.test(value) ? "'" : "") + value.replace(/\r\n|[\t\r\n\u2028\u2029]/g, " ").replace(inner, "$1'");
    return /[",]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
  };
  const record = k => {
    const [decision, owner, promised, note, decided] = triage(k), {id, level, steps} = rule(k);
    return [
      at(cols.id, k), id, level, at(cols.state, k), at(cols.customer_id, k), at(cols.customer_name, k),
      at(cols.subscription, k), at(cols.offer, k), at(cols.segment, k), at(cols.seats, k), message(k), steps[0],
      day(at(cols.due, k), 0), day(at(cols.first, k), 0), place(k), decision, owner, day(promised, 0), note, decided,
    ];
  };
  const HEADER = [
    "finding_id", "rule", "level", "state", "customer_id", "company_name", "subscription_id", "offer_name", "segment",
    "seats", "message", "next_step", "due_on", "first_seen", "source", "decision", "owner", "promised_on", "note",
    "decided_at",
  ];
  const download = () => {
    const rows = [HEADER, ...Array.from(found, record)];
    const text = "\ufeff" + rows.map(cells => cells.map(cell).join(",") + "\r\n").join("");
    const address = URL.createObjectURL(new Blob([text], {type: "text/csv;charset=utf-8"}));
    make("a", "", {href: address, download: "findings.csv"}).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  };

  /* The controls. A filter with one value is none; one with many is a field that suggests values. */
  const panel = parts.content.cloneNode(true), title = document.getElementById("findings-title");
  const status = panel.querySelector("[role=status]"), clear = panel.querySelector("[name=clear]");
  const heads = [...table.tHead.querySelectorAll("[data-sort]")], below = panel.querySelector(".pages").cloneNode(true);
  const suggest = (control, values) => {
    const list = make("datalist", "", {id: "values-of-" + control.name}), field = make("input", "", {name: control.name, list: list.id, autocomplete: "off"});
    const offer = () => {
      const typed = fold(field.value);
      list.replaceChildren(...values.filter(value => fold(value).includes(typed)).slice(0, SUGGESTED).map(value => make("option", "", {value})));
    };
    const known = () => values.find(value => fold(value) === fold(field.value));
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
  const choose = (control, values, name) => {
    const option = (value, text) => { const made = make("option", clip(text, 60)); made.value = value; return made; };
    const isState = name === "state";
    control.append(option("", isState ? texts.tonight : texts.all), ...values.map(value => option(value, called[name](value))));
    if (isState) control.append(option("all", texts.all));
    return control;
  };
  const controls = [...panel.querySelectorAll("select, input")].map(control => {
    if (control.type === "search") return control;
    const name = control.name, values = [...new Set(facets[name].values)].filter(Boolean);
    const order = {level: Object.keys(data.levels), state: Object.keys(data.states)}[name];
    values.sort(order ? (a, b) => order.indexOf(a) - order.indexOf(b) : (a, b) => collator.compare(called[name](a), called[name](b)));
    if (values.length < 2) { control.parentElement.remove(); return null; }
    return values.length > CHOICES ? suggest(control, values) : choose(control, values, name);
  }).filter(Boolean);
  for (const control of controls) {
    if (control.type === "search") control.addEventListener("input", () => go({q: control.value}, true));
    else if (!control.list) control.addEventListener("change", () => go({[control.name]: control.value}));
  }
  clear.addEventListener("click", () => {
    asked = new URLSearchParams();
    for (const control of controls) control.value = "";
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
  addEventListener("beforeprint", () => { printing = true; draw(); });
  addEventListener("afterprint", () => { printing = false; draw(); });
  for (const part of section.querySelectorAll(".unscripted")) part.hidden = true;
  table.before(panel);
  table.after(below);
  linked = isOurs();
  body.replaceChildren();
  if (linked) route();
  else { select(); draw(); }
  linked = false;
  section.dataset.ready = "";
  idle(() => foldAhead(0));
})();
