
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const box = at("text"), filter = at("filter"), grid = at("grid");
const opening = new RegExp(data.opening, "i");
const WORDS = { accepted: "Accepted", edited: "Edited", rejected: "Rejected", decorative: "Decorative" };
const PREFIX = `alt-text-review ${location.pathname} `;
const decisions = new Map(), drafts = new Map(), undone = [];
let view = [], here = 0, unsaved = 0, kept = true;

const card = () => data.cards[view[here]];
const decided = (one) => {
  const found = decisions.get(one.key);
  return found && found.kind !== "open" ? found : null;
};

// Texts of strangers become text nodes, never markup.
function made(tag, text = "", parts = {}) {
  const element = Object.assign(document.createElement(tag), parts);
  element.append(text);
  return element;
}

function link(address, words) {
  return made("a", words, { href: address, target: "_blank", rel: "noopener noreferrer" });
}
const percent = (share) => share < 0.01 ? "under 1\u00a0%" : `${Math.round(share * 100)}\u00a0%`;
const onWeb = (address) => /^https?:\/\//i.test(address);

// What a browser has kept is as strange as a file: the later decision holds, of either.
function recall() {
  for (const one of data.cards) {
    if (one.review) decisions.set(one.key, one.review);
    try {
      const found = JSON.parse(localStorage.getItem(PREFIX + one.key));
      const known = decisions.get(one.key);
      const good = found && (found.kind in WORDS || found.kind === "open") && typeof found.text === "string";
      if (good && (!known || String(found.at) > known.at)) decisions.set(one.key, found);
    } catch {
      kept = false;
    }
  }
}

function keep(one, decision) {
  decisions.set(one.key, decision);
  unsaved += 1;
  try {
    localStorage.setItem(PREFIX + one.key, JSON.stringify(decision));
  } catch {
    kept = false;
  }
}

// Both captioners' texts in turns: 1 is the first one's best, 2 the other's.
function offers(one) {
  const found = [];
  for (let n = 0; n < 4; n += 1) {
    for (const [side, texts] of [one.guesses, one.beside].entries()) {
      if (texts[n]) found.push({ side, text: texts[n][0], confidence: texts[n][1] });
    }
  }
  return found;
}

function objection(text) {
  if (text.length > data.longest) return `too long by ${text.length - data.longest}`;
  if (opening.test(text)) return "the screen reader says “image” by itself";
  if (text && text[0] !== text[0].toUpperCase()) return "begin with a capital";
  if (text && !/[.!?…]["”’)]?$/.test(text)) return "end with a full stop";
  return "";
}

const acceptsNothing = (one) => data.statuses[one.status].suggests && !one.text;

function hint() {
  const text = box.value.trim(), problem = objection(text);
  const length = text ? `${text.length} of ${data.longest} characters` : "Empty";
  at("hint").textContent = problem ? `${length}: ${problem}` : length;
  at("hint").classList.toggle("warn", problem !== "");
  at("accept").classList.toggle("off", !text && !acceptsNothing(card()));
}

function showOffers(one, status) {
  const sides = [made("ol"), made("ol")];
  offers(one).forEach((offer, n) => {
    const button = made("button", made("kbd", String(n + 1)), { type: "button" });
    const sure = offer.confidence === null ? "" : percent(offer.confidence);
    button.append(made("span", offer.text), made("small", sure));
    button.lang = data.language;
    button.addEventListener("click", () => take(n));
    sides[offer.side].append(made("li", button));
  });
  const titles = one.beside.length ? data.names : [status.suggests ? "Suggestions" : "Its guesses; it isn't sure"];
  at("offers").replaceChildren(...titles.map((title, side) => {
    const part = made("section", made("h3", title));
    part.append(sides[side]);
    return part;
  }));
  at("offers").hidden = !offers(one).length;
  at("offers").className = status.suggests ? "" : "faint";
}

function showContext(one) {
  const parts = Object.entries(one.context);
  if (one.rows > 1) parts.push(["Rows", `${one.rows} rows of the table show it`]);
  at("context").replaceChildren(...parts.flatMap(([label, text]) =>
    [made("dt", label), made("dd", onWeb(text) ? link(text, text) : text)]));
}

function show() {
  at("nothing").hidden = view.length > 0;
  at("desk").hidden = !view.length || !grid.hidden;
  if (!view.length) return tell();
  const one = card(), status = data.statuses[one.status], decision = decided(one);
  at("photo").hidden = !one.photo;
  at("none").hidden = !!one.photo;
  if (one.photo) at("photo").src = one.photo;
  else at("photo").removeAttribute("src");
  at("name").replaceChildren(onWeb(one.image) ? link(one.image, one.name) : one.name);
  showContext(one);
  at("place").textContent = `${here + 1} of ${view.length}`;
  at("mark").textContent = decision ? WORDS[decision.kind] : "";
  at("mark").className = `mark ${decision ? decision.kind : ""}`;
  const sure = one.confidence === null ? "" : ` Confidence ${percent(one.confidence)}.`;
  at("about").replaceChildren(
    made("strong", one.status.replaceAll("_", " "), { className: status.suggests ? "good" : "doubt" }),
    ` ${status.meaning}${one.message ? ` (${one.message})` : ""}${sure}`);
  showOffers(one, status);
  box.value = drafts.get(one.key) ?? (decision ? decision.text : one.text);
  box.lang = data.language;
  hint();
  tell();
}

function tell(words = "") {
  const all = data.cards.filter(needed), done = all.map(decided).filter(Boolean);
  const number = (kind) => done.filter((one) => one.kind === kind).length;
  const whose = data.names[1] && number("accepted") ? ` (${data.names.map((name) =>
    `${done.filter((one) => one.kind === "accepted" && one.by === name).length} by ${name}`).join(", ")})` : "";
  const each = Object.keys(WORDS).map((kind) => `${number(kind)} ${kind}${kind === "accepted" ? whose : ""}`);
  at("meter").max = all.length || 1;
  at("meter").value = done.length;
  at("counts").textContent = `${done.length} of ${all.length} reviewed: ${each.join(", ")}`;
  at("said").textContent = words;
}

const needed = (one) => decisions.has(one.key) || (!data.statuses[one.status].keeps);
const doubt = (one) => [data.statuses[one.status].order, one.sureness ?? 2];

function arrange() {
  const choice = filter.value, fits = {
    review: needed, open: (one) => needed(one) && !decided(one), all: () => true,
  }[choice] || ((one) => one.status === choice.slice(1));
  view = [...data.cards.keys()].filter((n) => fits(data.cards[n])).sort((a, b) => {
    const [one, other] = [doubt(data.cards[a]), doubt(data.cards[b])];
    return one[0] - other[0] || one[1] - other[1] || a - b;
  });
  here = Math.max(0, view.findIndex((n) => !decided(data.cards[n])));
  overview(!grid.hidden);
}

function fillFilter() {
  const count = (fits) => data.cards.filter(fits).length;
  const choices = [["review", "to review", needed], ["open", "not reviewed yet", (one) => needed(one) && !decided(one)],
    ["all", "everything", () => true], ...Object.keys(data.statuses).map((name) =>
      [`=${name}`, name.replaceAll("_", " "), (one) => one.status === name])];
  filter.replaceChildren(...choices.map(([value, words, fits]) => made("option", `${words} (${count(fits)})`, { value })));
}

function overview(open) {
  grid.hidden = !open;
  at("all").setAttribute("aria-expanded", String(open));
  grid.replaceChildren(...(open ? view : []).map((n, place) => {
    const one = data.cards[n], decision = decided(one), button = made("button", "", { type: "button" });
    if (one.photo) button.append(made("img", "", { alt: "", loading: "lazy", decoding: "async", src: one.photo }));
    button.append(made("span", one.name), made("span", decision ? WORDS[decision.kind] : one.status.replaceAll("_", " "),
      { className: `mark ${decision ? decision.kind : ""}` }));
    button.addEventListener("click", () => { here = place; overview(false); at("work").focus(); });
    return made("li", button);
  }));
  show();
  if (open && grid.children[here]) grid.children[here].firstChild.focus();
}

function move(step) {
  const there = here + step;
  if (there < 0 || there >= view.length) return tell(step > 0 ? "This is the last one." : "This is the first one.");
  here = there;
  show();
  tell(`${here + 1} of ${view.length}: ${card().name}`);
}

function goOn(words) {
  const left = (n) => !decided(data.cards[view[n]]);
  const places = [...view.keys()], next = places.slice(here + 1).find(left) ?? places.find(left);
  here = next ?? here;
  show();
  const more = next === undefined ? "All of these are reviewed: S saves the review." : `Next: ${card().name}`;
  tell(`${words} ${more}`);
}

function decide(kind, text = "", by = "") {
  const one = card();
  undone.push([one, decisions.get(one.key)]);
  drafts.delete(one.key);
  keep(one, { kind, text, by, at: new Date().toISOString(), image: one.image });
  box.blur();
  goOn(`${WORDS[kind]}.`);
}

function accept() {
  const one = card(), text = box.value.replace(/\s+/g, " ").trim();
  const offer = offers(one).find((found) => found.text === text);
  if (text) return decide(offer || text === one.text ? "accepted" : "edited", text, offer ? data.names[offer.side] : "");
  if (acceptsNothing(one)) return decide("decorative");
  tell(offers(one).length ? "Nothing to accept: 1 takes the guess, E writes a text." : "Nothing to accept: E writes a text.");
}

function undo() {
  const [one, before] = undone.pop() || [card(), null];
  if (!decisions.has(one.key)) return tell("Nothing to undo.");
  keep(one, { ...(before || { kind: "open", text: "", by: "", image: one.image }), at: new Date().toISOString() });
  drafts.delete(one.key);
  const place = view.findIndex((n) => data.cards[n].key === one.key);
  here = place < 0 ? here : place;
  show();
  tell(`Undone: ${one.name}`);
}

function take(n) {
  const offer = offers(card())[n];
  if (!offer) return;
  box.value = offer.text;
  drafts.set(card().key, offer.text);
  hint();
  tell(`In the box: ${offer.text} A accepts it.`);
}

function save() {
  const images = [...decisions].map(([key, { kind, ...rest }]) => ({ key, decision: kind, ...rest }));
  const text = JSON.stringify({ format: data.format, images }, null, 1) + "\n";
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  made("a", "", { href: address, download: data.file }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
  unsaved = 0;
  tell(`Saved as ${data.file}: give it to the command with --review`);
}

const does = {
  accept, undo, save, reject: () => decide("rejected"), decorate: () => decide("decorative"),
  edit: () => box.focus(), back: () => move(-1), next: () => move(1), grid: () => overview(grid.hidden),
};
const KEYS = {
  a: "accept", e: "edit", r: "reject", d: "decorate", u: "undo", s: "save", g: "grid",
  arrowleft: "back", arrowright: "next", k: "back", j: "next",
};
const anywhere = ["save", "grid", "undo"];  // all others need an image on the desk

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target === box) {
    if (event.key === "Escape") at("work").focus();
    else if (event.key === "Enter" && !event.shiftKey) accept();
    else return;
  } else if (event.target.matches("select, input") || (event.key.length === 1 && !at("letters").checked)) {
    return;
  } else if (/^[1-8]$/.test(event.key) && !at("desk").hidden) {
    take(Number(event.key) - 1);
  } else {
    const name = KEYS[event.key.toLowerCase()];
    if (!name || (at("desk").hidden && !anywhere.includes(name))) return;
    does[name]();
  }
  event.preventDefault();
}

box.addEventListener("input", () => { drafts.set(card().key, box.value); hint(); });
document.addEventListener("keydown", press);
document.querySelectorAll("[data-does]").forEach((button) =>
  button.addEventListener("click", () => does[button.dataset.does]()));
at("save").addEventListener("click", save);
at("all").addEventListener("click", does.grid);
filter.addEventListener("change", arrange);
window.addEventListener("beforeunload", (event) => {
  if (unsaved && !kept) event.preventDefault();
});
recall();
fillFilter();
arrange();
