"use strict";

const find = (id) => document.getElementById(id);
const MAX_BYTES = Number(document.querySelector("main").dataset.maxBytes);
const SENT_AT_ONCE = 2;
const TRIES = 20; // when all places are taken
const NO_ANSWER = "The server gives no answer. Is it still running?";
const TOO_LARGE = `has more than ${MAX_BYTES / 1e6} MB. Scale the photo down and try again.`;

const waiting = [];
const counts = { chosen: 0, done: 0, failed: 0 };
let sending = 0;

function wait(seconds) {
  return new Promise((ready) => setTimeout(ready, 1000 * seconds));
}

function newCard(file) {
  const card = find("card").content.cloneNode(true).querySelector(".card");
  const image = card.querySelector("img");
  card.querySelector("h2").textContent = file.name;
  card.querySelector("textarea").setAttribute("aria-label", `Alt text of ${file.name}`);
  image.alt = `Your photo ${file.name}, not captioned yet`;
  image.addEventListener("load", () => { image.hidden = false; });
  image.src = URL.createObjectURL(file);
  find("cards").append(card);
  return card;
}

function say(card, text) {
  card.querySelector(".state").textContent = text;
}

function fail(card, problem) {
  counts.failed += 1;
  card.classList.add("failed");
  card.querySelector(".state").setAttribute("role", "alert"); // read out at once
  say(card, problem);
}

function show(card, answer) {
  counts.done += 1;
  say(card, "");
  card.querySelector(".sentence").textContent = answer.alt_text;
  card.querySelector("img").alt = answer.alt_text;
  card.querySelector("textarea").value = answer.alt_text;
  for (const candidate of answer.candidates) {
    const row = card.querySelector("tbody").insertRow();
    row.insertCell().textContent = candidate.caption;
    row.insertCell().textContent = candidate.in_words;
  }
  offerCopy(card);
  card.querySelector(".answer").hidden = false;
}

function offerCopy(card) {
  const button = card.querySelector(".copy");
  const text = card.querySelector("textarea");
  button.hidden = !navigator.clipboard; // it is there on https and on this computer only
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text.value);
    find("status").textContent = "Copied.";
  });
}

async function post(file, card) {
  for (let tries = 0; ; tries += 1) {
    const form = new FormData();
    form.append("photos", file);
    const response = await fetch("/caption", { method: "POST", body: form });
    if (response.status !== 503 || tries === TRIES) return response.json();
    const seconds = Number(response.headers.get("Retry-After")) || 2;
    say(card, `Many photos are waiting. Trying again in ${seconds} s …`);
    await wait(seconds);
  }
}

async function caption({ file, card }) {
  say(card, "Looking at the photo …");
  try {
    const { images, error } = await post(file, card);
    const answer = images ? images[0] : { error };
    if (answer.error) fail(card, answer.error);
    else show(card, answer);
  } catch {
    fail(card, NO_ANSWER);
  }
}

function report() {
  const left = counts.chosen - counts.done - counts.failed;
  const failed = counts.failed ? `, ${counts.failed} without a caption` : "";
  find("status").textContent = left
    ? `Captioning: ${left} to go …`
    : `${counts.done} of ${counts.chosen} captioned${failed}.`;
}

async function sendNext() {
  if (sending >= SENT_AT_ONCE || !waiting.length) return;
  sending += 1;
  await caption(waiting.shift());
  sending -= 1;
  report();
  sendNext();
}

function take(files) {
  find("problem").textContent = "";
  for (const file of files) {
    const card = newCard(file);
    counts.chosen += 1;
    if (file.size > MAX_BYTES) {
      fail(card, `${file.name} ${TOO_LARGE}`);
    } else {
      say(card, "Waiting …");
      waiting.push({ file, card });
      sendNext();
    }
  }
  report();
}

function begin() {
  const drop = find("drop");
  const input = find("photos");
  find("send").hidden = find("together").hidden = true;
  find("or-drop").hidden = find("each").hidden = false;
  document.querySelectorAll("#cards .card").forEach(offerCopy);
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = ""; // so that the same file can be chosen again
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    window.addEventListener(kind, (event) => {
      event.preventDefault(); // a photo dropped beside the form would replace the page
      drop.classList.toggle("over", kind === "dragover");
      if (kind === "drop") take([...event.dataTransfer.files]);
    });
  }
}

begin();
