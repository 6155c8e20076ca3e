// The page's state. Views redraw when a part that they show has changed, and change nothing by themselves.

export class Store extends EventTarget {
  #state;

  constructor(state) {
    super();
    this.#state = state;
  }

  get state() {
    return this.#state;
  }

  update(changes) {
    this.#state = { ...this.#state, ...changes };
    this.dispatchEvent(new CustomEvent("change", { detail: Object.keys(changes) }));
  }

  /** Call `draw` with the state now and whenever one of the named parts is replaced. */
  watch(names, draw) {
    this.addEventListener("change", (event) => {
      if (event.detail.some((name) => names.includes(name))) draw(this.#state);
    });
    draw(this.#state);
  }
}
