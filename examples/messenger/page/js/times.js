// Writes times as people read them.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** The time of a message. */
export function time(text) {
  return clock.format(new Date(text));
}

/** The time in a list: of today the clock, else the day. */
export function brief(text) {
  const date = new Date(text);
  return date.toDateString() === new Date().toDateString() ? clock.format(date) : day.format(date);
}

/** Day and time. */
export function long(text) {
  return full.format(new Date(text));
}
