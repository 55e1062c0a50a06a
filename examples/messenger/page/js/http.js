// Asks the server over HTTP: accounts and pictures.

/** How what needs a connection fails without one. As every failure that `passes`, it may succeed a moment later. */
export const offline = (message) => ({ code: "offline", message, passes: true });

/** Rejects with `{ code, message, passes, status }`. */
async function answer(path, options) {
  const response = await fetch(path, options).catch(() => Promise.reject(offline("there is no connection")));
  const body = await response.json().catch(() => ({ message: `the server answered ${response.status}` }));
  if (!response.ok) throw { ...body, status: response.status };
  return body;
}

export async function post(path, body) {
  const headers = { "content-type": "application/json" };
  return answer(path, { method: "POST", headers, body: JSON.stringify(body) });
}

export async function get(path) {
  return answer(path);
}

/** Who is signed in; null when nobody is. */
export async function signedIn() {
  try {
    return await get("/api/me");
  } catch (failure) {
    if (failure.status === 401) return null;
    throw failure;
  }
}

/** Uploads a picture; gives the key to send it with. */
export async function upload(file) {
  return answer("/api/pictures", { method: "POST", body: file });
}
