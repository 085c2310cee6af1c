// SPDX-License-Identifier: GPL-2.0-only
// The service worker of a released page: keeps the files of one release, so that the page works without a network.
// `cargo xtask dist` writes RELEASE and FILES above this line.
const PREFIX = "kabiscope-";
const CACHE = PREFIX + RELEASE;

addEventListener("install", (event) => {
    // Past the browser's own cache, which may hold files of another release.
    const requests = FILES.map((file) => new Request(file, { cache: "reload" }));
    event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)));
});

// Only when no page of an older release is open any more.
addEventListener("activate", (event) => {
    const isOld = (name) => name.startsWith(PREFIX) && name !== CACHE;
    const forget = async () => {
        for (const name of (await caches.keys()).filter(isOld)) {
            await caches.delete(name);
        }
        await clients.claim();
    };
    event.waitUntil(forget());
});

addEventListener("fetch", (event) => {
    const answer = async () => {
        const cache = await caches.open(CACHE);
        return (await cache.match(event.request, { ignoreSearch: true })) ?? fetch(event.request);
    };
    event.respondWith(answer());
});
