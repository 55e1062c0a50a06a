// The socket: asks and is answered, is told events, and comes back when it is lost.

import { offline } from "./http.js";

const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 10_000;

export class Connection {
  #socket = null;
  #next = 1;
  #waiting = new Map();
  #pause = FIRST_PAUSE;
  #timer = null;
  #ended = false;

  /** `onOpen` after each connection, `onClose` after each loss, `onEvent` for each event. */
  constructor({ onOpen, onClose, onEvent }) {
    this.onOpen = onOpen;
    this.onClose = onClose;
    this.onEvent = onEvent;
    addEventListener("online", this.#comeBack);
    addEventListener("offline", this.#lose);
    this.#open();
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Asks the server. Rejects with `{ code, message, passes }`; with the code `offline` when there is no connection. */
  ask(op, args = {}) {
    if (!this.isOpen) return Promise.reject(offline("there is no connection"));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, do: { op, ...args } }));
    });
  }

  /** Ends it for good. */
  end() {
    this.#ended = true;
    removeEventListener("online", this.#comeBack);
    removeEventListener("offline", this.#lose);
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #open() {
    this.#timer = null;
    // The browser knows of no network: the event that there is one comes first, or another look after a while.
    if (!navigator.onLine) {
      this.#timer = setTimeout(() => this.#open(), LONGEST_PAUSE);
      return;
    }
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/socket`);
    this.#socket = socket;
    socket.onopen = () => {
      this.#pause = FIRST_PAUSE;
      this.onOpen();
    };
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = () => this.#closed(socket);
  }

  #receive(data) {
    if (data.event) return this.onEvent(data);
    const waiting = this.#waiting.get(data.re);
    if (!waiting) return;
    this.#waiting.delete(data.re);
    if (data.error) waiting.reject(data.error);
    else waiting.resolve(data.ok);
  }

  #closed(socket) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    for (const { reject } of this.#waiting.values()) reject(offline("the connection was lost"));
    this.#waiting.clear();
    if (this.#ended) return;
    this.onClose();
    // At random, so that not all come back at once after a server has ended.
    this.#timer = setTimeout(() => this.#open(), this.#pause * (0.5 + Math.random() / 2));
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }

  #comeBack = () => {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#open();
  };

  #lose = () => {
    const socket = this.#socket;
    if (!socket) return;
    socket.onclose = null;
    socket.close();
    this.#closed(socket);
  };
}
