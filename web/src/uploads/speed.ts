const WINDOW_MILLISECONDS = 4000;

/** How fast bytes go out, over the last seconds. */
export class Speedometer {
  readonly #samples: { at: number; bytes: number }[] = [];

  add(bytes: number): void {
    if (bytes > 0) {
      this.#samples.push({ at: performance.now(), bytes });
    }
  }

  /** Return bytes per second. */
  read(): number {
    const now = performance.now();
    while (this.#samples[0] && now - this.#samples[0].at > WINDOW_MILLISECONDS) {
      this.#samples.shift();
    }
    const first = this.#samples[0];
    const span = first ? Math.max(now - first.at, 500) : WINDOW_MILLISECONDS;
    return (this.#samples.reduce((sum, one) => sum + one.bytes, 0) / span) * 1000;
  }
}
