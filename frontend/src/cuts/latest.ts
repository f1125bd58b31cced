/** One thing is done at a time, then the newest that was asked for meanwhile: what came in between is never begun. */

export class Latest<T> {
  #wanted: { value: T } | null = null;
  #running: { since: number; abort: AbortController } | null = null;

  /**
   * @param run does it; where its signal is aborted it may end early.
   * @param patienceMs something newer waits so long, then what runs is aborted.
   */
  constructor(
    private readonly run: (value: T, signal: AbortSignal) => Promise<void>,
    private readonly patienceMs = 1500,
  ) {}

  get isIdle(): boolean {
    return this.#running === null;
  }

  ask(value: T): void {
    this.#wanted = { value };
    if (this.#running === null) void this.#work();
    else {
      const running = this.#running;
      const left = running.since + this.patienceMs - Date.now();
      setTimeout(() => this.#wanted !== null && running.abort.abort(), Math.max(left, 0));
    }
  }

  async #work(): Promise<void> {
    while (this.#wanted !== null) {
      const { value } = this.#wanted;
      this.#wanted = null;
      this.#running = { since: Date.now(), abort: new AbortController() };
      try {
        await this.run(value, this.#running.abort.signal);
      } catch (error) {
        // What runs says itself what went wrong; here it must not keep the next from its turn.
        console.warn(error);
      }
    }
    this.#running = null;
  }
}
