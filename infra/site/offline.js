// Runs beside the page (a service worker) and keeps the page's files, so that it opens without a network too. With a
// network the files always come from there, so nobody stays on an old page. What the service answers is not kept here.

const KEPT = "daltonify-page-1";

const isOurs = ({ method, url }) =>
  method === "GET" && new URL(url).origin === self.location.origin && !new URL(url).pathname.startsWith("/api/");

// What follows a question mark may be a code of Spotify's login, which is nobody's to keep. A part of a file, or an
// answer other than a success, is no file.
const isKept = (request, response) => response.status === 200 && !response.redirected && !new URL(request.url).search;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (isOurs(event.request)) event.respondWith(answer(event));
});
// The page names the files that it was made of before this ran.
self.addEventListener("message", (event) => event.waitUntil(keepAll(event.data)));

async function answer(event) {
  const { request } = event;
  let response;
  try {
    // Asked whether it is still the same: after a deployment, old modules beside new ones would not fit together.
    response = await fetch(request, { cache: "no-cache" });
  } catch (problem) {
    const kept = await caches.match(request, { ignoreSearch: true });
    if (kept) return kept;
    throw problem;
  }
  if (isKept(request, response)) event.waitUntil(keep(request, response.clone()));
  return response;
}

/** A full disk costs the page without a network, and nothing else. */
async function keep(request, response) {
  try {
    const cache = await caches.open(KEPT);
    await cache.put(request, response);
  } catch {
    // What was kept before stays.
  }
}

/** One that cannot be had now does not stand in the way of the others. */
async function keepAll(urls) {
  const cache = await caches.open(KEPT);
  await Promise.allSettled(urls.map((url) => cache.add(url)));
}
