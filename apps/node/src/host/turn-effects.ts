import type { Effects } from '@varve/validator';

type Kept = Pick<Effects, 'send' | 'publish' | 'answers' | 'notices'>;
type Lists = { [K in keyof Kept]: Kept[K][number][] };

/** What several steps ask for and what can wait until the last of them, in the order asked. */
export class TurnEffects {
  #lists: Lists = empty();
  #wakeAt: number | undefined;

  add({ send, publish, answers, notices, wakeAt }: Effects): void {
    for (const one of send) this.#lists.send.push(one);
    for (const one of publish) this.#lists.publish.push(one);
    for (const one of answers) this.#lists.answers.push(one);
    for (const one of notices) this.#lists.notices.push(one);
    // Each step says it anew, for all that waits.
    this.#wakeAt = wakeAt;
  }

  /** Everything since the last call; `wakeAt` is absent where no step was made. */
  take(): Kept & { readonly wakeAt: number | undefined } {
    const taken = { ...this.#lists, wakeAt: this.#wakeAt };
    this.#lists = empty();
    this.#wakeAt = undefined;
    return taken;
  }
}

function empty(): Lists {
  return { send: [], publish: [], answers: [], notices: [] };
}
