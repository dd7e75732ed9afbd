/* All findings, unpacked: their columns, searching and sorting. The three files findings_*.js are one program, which the
   page joins in this order and wraps in a function. Its state lives in the address alone: controls change the address,
   and a change of the address draws the table. Texts come from the packed data, and are set as text, never as markup.
   Comments and needless spaces are taken out on the way into the page: every statement ends with a semicolon, texts
   stand in double quotes, and a regular expression follows an opening parenthesis, a comma or an equals sign. */
const PAGE = 50, PRINTED = 500, CHOICES = 30, SUGGESTED = 20, LONGEST = 400, NAME = 120, ASKED = 80;
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
const lines = (...given) => given.filter(Boolean).join("\n");
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
const names = {
  level: value => data.levels[value], state: value => data.states[value], type: term, segment: term,
  owner: value => value === NOBODY ? texts.nobody : value,
};
const called = (name, value) => names[name]?.(value) ?? value;

/* Searching: each word must be in one of the texts of a finding, whatever its case and its accents. */
const plain = {"\u0142": "l", "\u00f8": "o", "\u0111": "d", "\u00df": "ss", "\u00e6": "ae", "\u0131": "i"};
const fold = text => {
  const small = String(text ?? "").toLowerCase();
  if (/^[\x20-\x7e]*$/.test(small)) return small;
  return small.normalize("NFD").replace(/\p{M}/gu, "").replace(/[\u0142\u00f8\u0111\u00df\u00e6\u0131]/g, c => plain[c]);
};
const own = make => ({values: Array.from({length: total}, (none, k) => make(k)), codes: places(total, k => k)});
const day = (k, form) => k < 0 ? "" : data.days[k][form];
const dated = col => turned(col, k => lines(day(k, 0), day(k, 1), day(k, 2)));
const searched = [
  () => cols.id, () => cols.customer_id, () => cols.customer_name, () => cols.customer_shown,
  () => turned(cols.customer_type, term), () => cols.reseller, () => cols.subscription, () => cols.offer,
  () => turned(cols.segment, term), () => facets.rule, () => ruled(item => item.title), () => joined, () => own(place),
  () => triaged(0), () => triaged(1), () => triaged(3), () => cols.tag, () => cols.unsure, () => cols.cause,
  () => ruled(item => data.levels[item.level]), () => cols.money, () => dated(cols.due), () => dated(cols.since),
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
const whos = () => {
  const known = new Map(), values = [];
  const codes = places(total, k => {
    const name = who(k);
    if (!known.has(name)) known.set(name, values.push(name) - 1);
    return known.get(name);
  });
  return {values, codes};
};
const sorts = {
  customer: () => byText(whos()),
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

