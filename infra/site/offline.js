// Runs beside the page (a service worker) and keeps the page's files, so that it opens without a network too. With a
// network the files always come from there, so nobody stays on an old page. What the service answers is not kept here.

const KEPT = "daltonify-page-1";

const isOurs = ({ method, url }) =>
  method === "GET" && new URL(url).origin === self.location.origin && !new URL(url).pathname.startsWith("/api/");

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (isOurs(event.request)) event.respondWith(answer(event.request));
});
// The page names the files that it was made of before this ran.
self.addEventListener("message", (event) => event.waitUntil(keepAll(event.data)));

async function answer(request) {
  try {
    const response = await fetch(request);
    // What follows a question mark may be a code of Spotify's login, which is nobody's to keep.
    if (response.ok && !new URL(request.url).search) await keep(request, response.clone());
    return response;
  } catch (problem) {
    const kept = await caches.match(request, { ignoreSearch: true });
    if (kept) return kept;
    throw problem;
  }
}

async function keep(request, response) {
  const cache = await caches.open(KEPT);
  await cache.put(request, response);
}

async function keepAll(urls) {
  const cache = await caches.open(KEPT);
  await Promise.all(urls.map((url) => cache.add(url)));
}
