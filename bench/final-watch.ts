/** How often the final height is looked at, milliseconds. */
const LOOK_MS = 10;

/** The longest time in which the final height of a node stood still until `signal`, milliseconds. */
export async function watchFinal(url: string, signal: AbortSignal): Promise<number> {
  let height = -1;
  let since = performance.now();
  let longest = 0;
  while (!signal.aborted) {
    const status = (await (await fetch(`${url}/v1/status`)).json()) as { readonly finalHeight: number };
    const now = performance.now();
    longest = Math.max(longest, now - since);
    if (status.finalHeight !== height) since = now;
    height = status.finalHeight;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return longest;
}
