/* The rows of the table, the evidence below them, and the CSV. */
/* Drawing. */
const make = (name, text, attributes) => {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  for (const [attribute, value] of Object.entries(attributes ?? {})) if (value !== "") element.setAttribute(attribute, value);
  return element;
};
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
    make("td", lines(seats === null ? "\u2013" : written(seats), money && clip(fill(texts.month, {money}), 40))),
    make("td", by, {class: due >= 0 && due < data.hot ? "hot" : ""}),
    make("td", lines(day(open, 1), day(open, 3))),
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
  cell.append(list, make("a", fill(texts.link, {finding: at(cols.id, k)}), {href: PREFIX + "finding=" + at(cols.id, k)}));
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
  const unknown = missing && fill(texts.gone, {finding: clip(missing, ASKED)}) + " ";
  status.textContent = unknown + (shown.length
    ? fill(texts.many, {first: written(start + 1), last: written(start + shown.length), all: written(found.length)})
    : isChosen() ? texts.none : texts.nothing);
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
  controls.forEach(show);
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
  if (hash !== typed) typed = null;
  const target = asked.get("finding"), k = target ? reveal(target) : null;
  missing = target && k === null ? target : "";
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
  return (/[",]/).test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
};
const record = k => {
  const [decision, owner, promised, note, decided_at] = triage(k), {id, level, steps, suspect} = rule(k);
  const cells = {
    finding_id: at(cols.id, k), rule: id, level, state: at(cols.state, k), customer_id: at(cols.customer_id, k),
    company_name: at(cols.customer_name, k), subscription_id: at(cols.subscription, k), offer_name: at(cols.offer, k),
    segment: at(cols.segment, k), seats: at(cols.seats, k), message: message(k), next_step: steps[0],
    due_on: day(at(cols.due, k), 0), first_seen: day(at(cols.first, k), 0), source: place(k), decision, owner,
    promised_on: day(promised, 0), note, decided_at, suspect,
  };
  return data.header.map(name => cells[name]);
};
const download = () => {
  const rows = [data.header, ...Array.from(found, record)];
  const text = "\ufeff" + rows.map(cells => cells.map(cell).join(",") + "\r\n").join("");
  const address = URL.createObjectURL(new Blob([text], {type: "text/csv;charset=utf-8"}));
  make("a", "", {href: address, download: "findings.csv"}).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
};

