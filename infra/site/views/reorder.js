// Moves a row by its handle: with a pointer (mouse, pen, finger), or lifted with Space and moved with the arrow keys.

const CLICK_PIXELS = 5;
// So near to the window's edge the page begins to scroll.
const EDGE_PIXELS = 90;
const SCROLL_PIXELS = 14;

/**
 * `list`: the element whose children are rows with a `.handle`. `onDrop(from, to)` moves a row for good,
 * `onPreview(from, to)` shows it while it is lifted by keyboard, `onStart(from)` is told before a pointer takes a row,
 * and `say(what, from, to)` tells `lifted`, `moved`, `dropped` or `cancelled`. `settle()` of the answer ends everything
 * that is under way without moving anything, because the list has become another one.
 */
export function makeReorder(list, { onDrop, onPreview, onStart, say }) {
  let drag = null;
  let lifted = null;

  const rowOf = (handle) => handle.closest(".row");
  const placeOf = (row) => [...list.children].indexOf(row);

  // --- by pointer ---

  list.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest?.(".handle");
    if (!handle || event.button !== 0 || drag) return;
    putDown();
    drag = { handle, row: rowOf(handle), id: event.pointerId, fromY: event.clientY, y: event.clientY, isOn: false };
    handle.setPointerCapture(event.pointerId);
  });

  list.addEventListener("pointermove", (event) => {
    if (drag?.id === event.pointerId) pull(event.clientY);
  });

  list.addEventListener("pointerup", (event) => {
    if (drag?.id !== event.pointerId) return;
    // Browsers put moves together, so the pointer may have come further than the last one told.
    pull(event.clientY);
    const { isOn, from, to, handle } = drag;
    if (!isOn) return end();
    handle.focus({ preventScroll: true });
    if (from !== to) onDrop(from, to);
    settle();
  });

  list.addEventListener("pointercancel", settle);
  list.addEventListener("lostpointercapture", (event) => {
    if (drag?.id === event.pointerId) settle();
  });

  function pull(y) {
    drag.y = y;
    if (!drag.isOn && Math.abs(drag.y - drag.fromY) < CLICK_PIXELS) return;
    if (!drag.isOn) begin();
    follow();
  }

  function begin() {
    drag.isOn = true;
    drag.from = drag.to = placeOf(drag.row);
    onStart(drag.from);
    // Rows that were never in sight take their real height now; the one in hand stays under the pointer.
    const { top } = drag.row.getBoundingClientRect();
    list.classList.add("dragging");
    drag.row.classList.add("dragged");
    window.scrollBy({ top: drag.row.getBoundingClientRect().top - top, behavior: "instant" });
    drag.scrolled = window.scrollY;
    drag.boxes = [...list.children].map((row) => {
      const { top, height } = row.getBoundingClientRect();
      return { row, middle: top + height / 2, height };
    });
    drag.frame = requestAnimationFrame(scroll);
  }

  function follow() {
    const { row, boxes, from, fromY, y } = drag;
    const moved = y - fromY + window.scrollY - drag.scrolled;
    const limits = [boxes[0], boxes.at(-1)].map(({ middle }) => middle - boxes[from].middle);
    const way = Math.min(Math.max(moved, limits[0] - boxes[0].height / 2), limits[1] + boxes.at(-1).height / 2);
    row.style.transform = `translateY(${way}px)`;
    const middle = boxes[from].middle + way;
    const to = boxes.filter((box, place) => place !== from && box.middle < middle).length;
    drag.to = to;
    boxes.forEach((box, place) => {
      if (place === from) return;
      const isBetween = (place > from && place <= to) || (place < from && place >= to);
      box.row.style.transform = isBetween
        ? `translateY(${place > from ? -boxes[from].height : boxes[from].height}px)`
        : "";
    });
  }

  function scroll() {
    if (!drag?.isOn) return;
    const below = Math.max(0, drag.y - (window.innerHeight - EDGE_PIXELS));
    const above = Math.max(0, EDGE_PIXELS - drag.y);
    const speed = Math.min(1, below / EDGE_PIXELS) - Math.min(1, above / EDGE_PIXELS);
    if (speed !== 0) {
      window.scrollBy({ top: speed * SCROLL_PIXELS, behavior: "instant" });
      follow();
    }
    drag.frame = requestAnimationFrame(scroll);
  }

  function end() {
    const { frame, handle, id, row, boxes = [] } = drag;
    drag = null;
    cancelAnimationFrame(frame);
    if (handle.hasPointerCapture(id)) handle.releasePointerCapture(id);
    list.classList.remove("dragging");
    row.classList.remove("dragged");
    for (const box of boxes) box.row.style.transform = "";
  }

  // --- by keyboard ---

  list.addEventListener("click", (event) => {
    const handle = event.target.closest?.(".handle");
    // A click of a pointer has a count; that of the keyboard or of a screen reader has none.
    if (!handle || event.detail !== 0) return;
    if (lifted) putDown();
    else lift(handle);
  });

  function lift(handle) {
    const from = placeOf(rowOf(handle));
    lifted = { handle, from, to: from };
    mark(true);
    say("lifted", from, from);
  }

  function mark(isLifted) {
    lifted.handle.setAttribute("aria-pressed", String(isLifted));
    rowOf(lifted.handle)?.classList.toggle("lifted", isLifted);
  }

  function putDown() {
    if (!lifted) return;
    const { from, to } = lifted;
    mark(false);
    lifted = null;
    if (from !== to) onDrop(from, to);
    else say("cancelled", from, to);
  }

  function putBack() {
    const { from, to } = lifted;
    mark(false);
    lifted = null;
    if (from !== to) onPreview(from, from);
    say("cancelled", from, from);
  }

  list.addEventListener("keydown", (event) => {
    if (!lifted || event.target !== lifted.handle) return;
    const last = list.children.length - 1;
    const way = { ArrowUp: -1, ArrowDown: 1, PageUp: -5, PageDown: 5, Home: -last, End: last }[event.key];
    if (event.key === "Escape") {
      event.preventDefault();
      putBack();
    } else if (way !== undefined) {
      event.preventDefault();
      const to = Math.min(Math.max(lifted.to + way, 0), last);
      if (to !== lifted.to) onPreview(lifted.from, to);
      lifted.to = to;
      say("moved", lifted.from, to);
    }
  });
  list.addEventListener("focusout", (event) => {
    if (lifted && event.target === lifted.handle) putDown();
  });

  document.addEventListener("keydown", (event) => {
    if (drag?.isOn && event.key === "Escape") {
      event.preventDefault();
      settle();
      say("cancelled", 0, 0);
    }
  });

  function settle() {
    if (drag) end();
    if (lifted) {
      mark(false);
      lifted = null;
    }
  }

  return { settle };
}
