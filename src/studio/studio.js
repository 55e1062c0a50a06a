// Zooms and pans a diagram with the mouse and the keys + - 0. Without it, the page has links for the size, and scrolls.
"use strict";

for (const canvas of document.querySelectorAll(".canvas")) {
  const picture = canvas.querySelector("svg");
  if (!picture) continue;
  const [width, height] = [picture.width.baseVal.value, picture.height.baseVal.value];
  let scale = 1;

  // Keeps the point under the mouse where it is.
  const zoom = (factor, x, y) => {
    const next = Math.min(4, Math.max(0.1, scale * factor));
    const [left, top] = [(canvas.scrollLeft + x) / scale, (canvas.scrollTop + y) / scale];
    scale = next;
    picture.setAttribute("width", width * scale);
    picture.setAttribute("height", height * scale);
    canvas.scrollLeft = left * scale - x;
    canvas.scrollTop = top * scale - y;
  };

  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const box = canvas.getBoundingClientRect();
    zoom(event.deltaY < 0 ? 1.1 : 1 / 1.1, event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const factor = { "+": 1.25, "=": 1.25, "-": 0.8, "0": 1 / scale }[event.key];
    if (factor === undefined) return;
    event.preventDefault();
    zoom(factor, canvas.clientWidth / 2, canvas.clientHeight / 2);
  });

  let from = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && event.pointerType === "mouse") {
      from = { x: event.clientX, y: event.clientY, left: canvas.scrollLeft, top: canvas.scrollTop, moved: false };
    }
  });
  addEventListener("pointermove", (event) => {
    if (!from) return;
    const [x, y] = [event.clientX - from.x, event.clientY - from.y];
    from.moved ||= Math.hypot(x, y) > 4;
    if (!from.moved) return;
    canvas.classList.add("drags");
    canvas.scrollLeft = from.left - x;
    canvas.scrollTop = from.top - y;
  });
  let dragged = false;
  addEventListener("pointerup", () => {
    dragged = from?.moved ?? false;
    from = null;
    canvas.classList.remove("drags");
  });
  // What was dragged was not clicked.
  canvas.addEventListener("click", (event) => {
    if (dragged) event.preventDefault();
    dragged = false;
  });
  canvas.addEventListener("dragstart", (event) => event.preventDefault());
}
