// Makes elements. Whatever a person wrote becomes text, never markup: nothing here, or anywhere in this page, parses HTML.

/** An element: `el("p", { class: "x", on: { click } }, "text", anotherElement, null)`. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function byId(id) {
  return document.getElementById(id);
}

/** A button that does something, once at a time. It is not disabled meanwhile: that would take the focus from it. */
export function button(label, act, attributes = {}) {
  const made = el("button", { type: "button", ...attributes }, label);
  let acts = false;
  made.addEventListener("click", async (event) => {
    event.stopPropagation();
    if (acts) return;
    acts = true;
    try {
      await act(event);
    } finally {
      acts = false;
    }
  });
  return made;
}

/** Calls a function soon, once for however many calls. */
export function soon(act, milliseconds = 0) {
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      act();
    }, milliseconds);
  };
}
