// The pages of the shop: gives an order, and follows the run of one.

const words = {
  run_started: "The order is being looked at.",
  step_started: (e) => `${e.step_name} begins${e.attempt > 1 ? `, attempt ${e.attempt}` : ""}.`,
  step_completed: (e) => `${e.step_name} is done.`,
  step_failed: (e) => `${e.step_name} failed: ${message(e)}${e.retry_at ? " It is tried again." : ""}`,
  step_skipped: (e) => `${e.step_name} is not needed.`,
  compensation_started: (e) => `${e.step_name} is being undone.`,
  step_compensated: (e) => `${e.step_name} was undone.`,
  compensation_failed: (e) => `${e.step_name} could not be undone: ${message(e)}`,
  run_restarted: "The order is tried again from its beginning.",
  run_completed: "All is done.",
  run_failed: (e) => `The order failed: ${message(e)}`,
  run_cancelled: "The order was cancelled.",
};

const message = (e) => (e.error && e.error.message ? e.error.message : e.error || "");

function follow(list) {
  const status = document.getElementById("status");
  const stream = new EventSource(list.dataset.stream);
  for (const [name, text] of Object.entries(words)) {
    stream.addEventListener(name, (event) => {
      const data = JSON.parse(event.data);
      const item = document.createElement("li");
      item.textContent = typeof text === "function" ? text(data) : text;
      item.className = name;
      list.append(item);
      status.textContent = data.status || "running";
      if (["run_completed", "run_failed", "run_cancelled"].includes(name)) stream.close();
    });
  }
}

async function order(button) {
  button.disabled = true;
  const answer = await fetch("/orders", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ orderId: button.dataset.order }),
  });
  if (answer.ok) {
    location.href = answer.headers.get("Location");
    return;
  }
  button.disabled = false;
  document.getElementById("trouble").textContent = (await answer.json()).detail;
}

const events = document.getElementById("events");
if (events) follow(events);
for (const button of document.querySelectorAll("button[data-order]")) {
  button.addEventListener("click", () => order(button));
}
