// Maps: pan, zoom, keys and touch. Without it every control is a link. Leaflet comes when somebody first uses the map.
// On a page of something else a link, data-leads, leads to what is looked at, and nothing else of the page changes.
(() => {
  "use strict";
  const sheet = document.querySelector("[data-map]");
  if (!sheet) return;
  const said = sheet.dataset;
  const leads = document.querySelector("[data-leads]");
  const hide = (what, is) => {
    for (const found of document.querySelectorAll(what)) found.hidden = is;
  };
  const detail = Number(said.detail);
  const deepest = Math.max(0, Number(said.lowest) - detail);
  const here = new URL(said.here, location.href);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let map = null, ring = null, waiting = null, asked = 0;
  let chosen = null; // the pixel that is read

  // A knob's value and how far along its axis that is.
  const axis = (text) => {
    const [low, high, scale] = text.split(" ");
    const [from, to] = [Number(low), Number(high)];
    return scale === "log"
      ? { at: (share) => from * (to / from) ** share, share: (value) => Math.log(value / from) / Math.log(to / from) }
      : { at: (share) => from + (to - from) * share, share: (value) => (value - from) / (to - from) };
  };
  const [x, y] = [axis(said.x), axis(said.y)];
  const within = (share) => Math.min(Math.max(share, 0), 1 - 1e-9);

  const loaded = (tag, words) =>
    new Promise((done, failed) => {
      const made = Object.assign(document.createElement(tag), words);
      made.onload = done;
      made.onerror = failed;
      document.head.append(made);
    });

  // The map comes once; whoever needs it waits for it.
  const start = () =>
    (waiting ??= Promise.all([
      loaded("link", { rel: "stylesheet", href: said.looks }),
      loaded("script", { src: said.leaflet }),
    ]).then(build, () => (waiting = null)));

  function build() {
    const L = window.L;
    const place = document.createElement("div");
    place.className = "live";
    sheet.append(place);
    let side = 0;
    const fit = () => {
      side = sheet.clientWidth - (sheet.clientWidth % 2 ** detail); // a tile begins where a pixel of the screen does
      place.style.width = place.style.height = `${side}px`;
    };
    fit();
    // The whole map is a square of side 1, and as large as its sheet at zoom 0: a zoom is a level.
    const crs = L.extend({}, L.CRS.Simple, {
      transformation: new L.Transformation(1, 0, -1, 1),
      scale: (zoom) => side * 2 ** zoom,
      zoom: (scale) => Math.log2(scale / side),
    });
    const whole = [[0, 0], [1, 1]];
    map = L.map(place, {
      crs, minZoom: 0, maxZoom: deepest, maxBounds: whole, maxBoundsViscosity: 1, zoomControl: false,
      attributionControl: false, keyboard: false, scrollWheelZoom: false, fadeAnimation: false, zoomAnimation: !calm,
      inertia: !calm, bounceAtZoomLimits: false,
    });
    const Tiles = L.GridLayer.extend({
      createTile({ x: column, y: fromAbove, z }, done) {
        const level = z + detail;
        const tile = Object.assign(document.createElement("img"), { className: "pix", alt: "" });
        tile.onload = () => done(null, tile);
        tile.onerror = () => done(new Error("not drawn"), tile);
        tile.src = `${said.tiles}/${level}-${column}-${2 ** level - 1 - fromAbove}.png`;
        return tile;
      },
    });
    const across = 2 ** Number(said.level);
    const middle = [(Number(said.row) + 0.5) / across, (Number(said.column) + 0.5) / across];
    const zoom = Math.min(Number(said.level), deepest);
    map.setView(middle, zoom, { animate: false });
    let layer = null;
    const cover = () => {
      layer?.remove();
      layer = new Tiles({ bounds: whole, noWrap: true, tileSize: side / 2 ** detail, keepBuffer: 1 }).addTo(map);
    };
    cover();
    ring = L.circleMarker(middle, { radius: 9, weight: 2.5, color: "#b02a45", fill: false, interactive: false, className: "halo" });
    if (!leads) ring.addTo(map);
    mark();
    map.on("click", (event) => read(event.latlng));
    map.on("moveend", () => {
      label();
      soon();
    });
    sheet.classList.add("is-live");
    hide(".keys", false);
    hide("[data-part=hint]", true);
    let last = 0;
    new ResizeObserver(() => {
      cancelAnimationFrame(last);
      last = requestAnimationFrame(() => {
        if (Math.abs(sheet.clientWidth - side) < 2 ** detail) return;
        const [centre, level] = [map.getCenter(), map.getZoom()];
        fit();
        map.invalidateSize({ pan: false });
        map.setView(centre, level, { animate: false });
        map._resetView(centre, level, true); // its own idea of the scale is of before
        cover();
        mark();
      });
    }).observe(sheet);
  }

  // The ring lies where the card says.
  function mark() {
    if (leads) return;
    const over = sheet.querySelector("[data-part=over]");
    ring.setLatLng([y.share(Number(over.dataset.y)), x.share(Number(over.dataset.x))]);
  }

  // A knob's value between these ends, as the server writes it (web/maps/axes.py).
  function formatKnob(value, low, high) {
    const [largest, span] = [Math.max(Math.abs(low), Math.abs(high)), Math.abs(high - low)];
    const apart = span && largest ? Math.ceil(-Math.log10(span / largest) - 0.05) : 0;
    const digits = Math.min(Math.max(3, 3 + apart), 15);
    const power = value ? Math.floor(Math.log10(Math.abs(value))) : 0;
    const isPlain = -4 <= power && power < 7;
    const text = isPlain ? value.toFixed(Math.max(0, digits - 1 - power)) : value.toExponential(digits - 1);
    const [whole, ...rest] = text.split(".");
    return [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...rest].join(".").replaceAll("-", "−");
  }

  // The ends of both axes, as the map lies now.
  function label() {
    if (leads) return;
    const seen = map.getBounds();
    const ends = [
      ["[data-part=across]", x.at(seen.getWest()), x.at(seen.getEast())],
      ["[data-part=up]", y.at(seen.getNorth()), y.at(seen.getSouth())],
    ];
    for (const [part, first, last] of ends) {
      const spans = document.querySelectorAll(`${part} span`);
      spans[0].textContent = formatKnob(first, first, last);
      spans[2].textContent = formatKnob(last, first, last);
    }
  }

  // The square that holds the middle, or the pixel that is read, has an address of its own.
  function address(point) {
    const level = map.getZoom();
    const across = 2 ** level;
    const { lat, lng } = point ?? map.getCenter();
    const next = new URL(here);
    const [column, row] = [Math.floor(within(lng) * across), Math.floor(within(lat) * across)];
    for (const [name, value] of Object.entries({ level, column, row })) next.searchParams.set(name, value);
    for (const name of ["x", "y"]) next.searchParams.delete(name);
    const isSeen = (one) => Math.floor(within(one.lng) * across) === column && Math.floor(within(one.lat) * across) === row;
    if (point || (chosen && !isSeen(chosen))) chosen = point;
    if (chosen) {
      next.searchParams.set("x", x.at(within(chosen.lng)));
      next.searchParams.set("y", y.at(within(chosen.lat)));
    }
    return next;
  }

  let later = 0;
  function soon() {
    clearTimeout(later);
    later = setTimeout(() => show(address(null)), 300);
  }

  function read(point) {
    clearTimeout(later);
    return show(address(point));
  }

  // What stands beside the map comes from the page of the new address.
  async function show(next) {
    if (leads) return void (leads.href = next);
    const turn = ++asked;
    let text;
    try {
      const reply = await fetch(next);
      if (!reply.ok) return;
      text = await reply.text();
    } catch {
      return; // nobody answers: the map still moves
    }
    if (turn !== asked) return;
    const page = new DOMParser().parseFromString(text, "text/html");
    const held = document.activeElement?.dataset?.way;
    const open = document.querySelector("[data-part=table] details")?.open;
    for (const old of document.querySelectorAll("[data-part]")) {
      const fresh = page.querySelector(`[data-part=${old.dataset.part}]`);
      if (!fresh) continue;
      if (old.dataset.part === "card") old.replaceChildren(...fresh.childNodes); // it is read aloud as it changes
      else old.replaceWith(fresh);
    }
    if (open) document.querySelector("[data-part=table] details").open = true;
    if (held) (document.querySelector(`a[data-way="${held}"]`) ?? sheet).focus({ preventScroll: true });
    hide("[data-part=hint]", true);
    mark();
    label();
    history.replaceState(null, "", next);
  }

  const step = (right, up) => map.panBy([(right * sheet.clientWidth) / 4, (-up * sheet.clientWidth) / 4]);
  const ways = {
    in: () => map.zoomIn(),
    out: () => map.zoomOut(),
    left: () => step(-1, 0),
    right: () => step(1, 0),
    up: () => step(0, 1),
    down: () => step(0, -1),
    whole: () => map.setView([0.5, 0.5], 0),
    read: () => read(map.getCenter()),
  };
  const keys = {
    "+": "in", "=": "in", "-": "out", "−": "out", 0: "whole", Enter: "read",
    ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down",
  };
  const go = (way) => start().then(() => map && ways[way]());

  sheet.tabIndex = 0;
  sheet.setAttribute("role", "application");
  sheet.setAttribute("aria-label", "Map: arrows move, plus and minus zoom, 0 shows all, Enter reads the pixel in the middle");
  for (const link of sheet.querySelectorAll(".over a")) link.remove();
  for (const kind of ["pointerenter", "pointerdown", "focusin"]) sheet.addEventListener(kind, start, { passive: true });
  sheet.addEventListener("click", (event) => {
    if (map) return; // it listens itself from then on
    const { left, top, width } = sheet.getBoundingClientRect();
    const [right, up] = [(event.clientX - left) / width, 1 - (event.clientY - top) / width];
    const across = 2 ** Number(said.level);
    start().then(() => map && read({ lng: (Number(said.column) + right) / across, lat: (Number(said.row) + up) / across }));
  });
  sheet.addEventListener("focusin", () => start().then(() => map?.scrollWheelZoom.enable()));
  sheet.addEventListener("focusout", () => map?.scrollWheelZoom.disable());
  sheet.addEventListener("keydown", (event) => {
    const way = keys[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    go(way);
  });
  document.addEventListener("click", (event) => {
    const tool = event.target.closest?.("[data-way]");
    if (!tool || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(tool.dataset.way);
  });
})();
