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

/** Does something, once at a time: what is asked for meanwhile, as by a double click, is not done. */
export function once(act) {
  let acts = false;
  return async (...given) => {
    if (acts) return;
    acts = true;
    try {
      await act(...given);
    } finally {
      acts = false;
    }
  };
}

/** A button that does something, once at a time. It is not disabled meanwhile: that would take the focus from it. */
export function button(label, act, attributes = {}) {
  const made = el("button", { type: "button", ...attributes }, label);
  const acts = once(act);
  made.addEventListener("click", (event) => {
    event.stopPropagation();
    return acts(event);
  });
  return made;
}

/** Has a form do something, once at a time. */
export function submits(form, act) {
  const acts = once(act);
  form.onsubmit = (event) => {
    event.preventDefault();
    return acts();
  };
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
