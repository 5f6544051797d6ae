
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const list = document.getElementById("cards");
const cards = [...list.children];
const order = document.getElementById("order");
const open = document.getElementById("open");
const progress = document.getElementById("progress");
const formula = new RegExp(data.formula);
const inner = new RegExp(data.inner, "g");
const opening = new RegExp(data.opening, "i");
let unsaved = false;

const part = (card, name) => card.querySelector(name);
const isDone = (card) => part(card, ".reviewed").checked;

// What a rule says against a text; "" if it is fine.
function objection(text) {
  if (text.length > data.longest) return `too long by ${text.length - data.longest}`;
  if (opening.test(text)) return "the screen reader says “image” by itself";
  if (text && text[0] !== text[0].toUpperCase()) return "begin with a capital";
  if (text && !/[.!?…]["”’)]?$/.test(text)) return "end with a full stop";
  return "";
}

function hint(card) {
  const text = part(card, "textarea").value.trim(), line = part(card, ".hint");
  const problem = objection(text);
  const length = text ? `${text.length} of ${data.longest} characters` : "Empty: screen readers skip it";
  line.textContent = problem ? `${length}: ${problem}` : length;
  line.classList.toggle("warn", problem !== "");
}

function tell() {
  const done = cards.filter(isDone).length, shown = cards.filter((card) => !card.hidden).length;
  progress.textContent = `${shown} shown, ${done} of ${cards.length} reviewed`;
  document.getElementById("nothing").hidden = shown > 0;
}

function show() {
  const status = document.querySelector("input[name=status]:checked").value;
  for (const card of cards) {
    const fits = status === "" || card.dataset.status === status;
    card.hidden = !fits || (open.checked && isDone(card));
  }
  tell();
}

function arrange() {
  const doubt = (card) => Number(card.dataset.confidence || 2);
  const sorted = [...cards];
  if (order.value === "doubt") sorted.sort((one, other) => doubt(one) - doubt(other));
  list.append(...sorted);
}

function mark(card, done) {
  part(card, ".reviewed").checked = done;
  card.classList.toggle("done", done);
  unsaved = true;
  tell();
}

function goOn(card) {
  let next = card.nextElementSibling;
  while (next && next.hidden) next = next.nextElementSibling;
  mark(card, true);
  if (open.checked) card.hidden = true;
  tell();
  part(next || card, "textarea").focus();
}

// A table that no spreadsheet takes for formulas, as the command writes it.
function csv() {
  const special = new RegExp(`["\\r\\n${data.delimiter}]`);
  const cut = (run) => data.separators.some((mark) => run.includes(mark));
  const guarded = (text) => text.replace(inner, (run) => (cut(run) ? `${run}'` : run));
  const safe = (cell) => guarded(formula.test(cell) ? `'${cell}` : cell);
  const quoted = (cell) => (special.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const lines = [data.columns, ...data.rows.map(([number, ...cells]) => {
    const [address, confidence, status, message] = data.cards[number];
    const text = safe(part(cards[number], "textarea").value.trim());
    const reviewed = isDone(cards[number]) ? "yes" : "no";
    return [...cells, address, text, confidence, status, message, reviewed];
  })];
  return "\ufeff" + lines.map((line) => line.map(quoted).join(data.delimiter) + "\r\n").join("");
}

function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  link.download = data.file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  unsaved = false;
  progress.textContent = `saved as ${data.file}`;
}

list.addEventListener("input", (event) => {
  const card = event.target.closest(".card");
  if (event.target.matches("textarea")) {
    unsaved = true;
    hint(card);
  }
  if (event.target.matches(".reviewed")) mark(card, event.target.checked);
});
list.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const card = button.closest(".card"), box = part(card, "textarea");
  box.value = button.textContent;
  unsaved = true;
  hint(card);
  box.focus();
});
list.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) {
    event.preventDefault();
    goOn(event.target.closest(".card"));
  }
});
document.querySelector(".bar").addEventListener("change", show);
document.querySelector(".bar").addEventListener("submit", (event) => event.preventDefault());
order.addEventListener("change", arrange);
document.getElementById("save").addEventListener("click", save);
window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});
for (const card of cards) card.classList.toggle("done", isDone(card));
show();
