// Asks the server over HTTP: accounts and pictures.

async function answer(response) {
  const body = await response.json().catch(() => ({ message: `the server answered ${response.status}` }));
  if (!response.ok) throw body;
  return body;
}

export async function post(path, body) {
  const headers = { "content-type": "application/json" };
  return answer(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

export async function get(path) {
  return answer(await fetch(path));
}

/** Uploads a picture; gives the key to send it with. */
export async function upload(file) {
  const sent = fetch("/api/pictures", { method: "POST", body: file });
  return answer(await sent.catch(() => Promise.reject({ code: "offline", message: "there is no connection" })));
}
