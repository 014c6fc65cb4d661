import type { Action } from '../command.ts';
import { compareProtocols } from '../compare/compare.ts';
import { planOf } from '../compare/plan.ts';
import { comparisonText } from '../compare/report.ts';
import { EXIT } from '../exit-codes.ts';
import { endReason } from '../lifetime.ts';
import { progressBar } from '../printer.ts';

/** `devnet compare`. */
export const compareDevnets: Action = async ({ printer, environment }, _args, options) => {
  const plan = planOf(options);
  const interruption = new AbortController();
  let why = '';
  void endReason(environment).asked.then((reason) => {
    why = reason.why;
    interruption.abort();
  });
  try {
    const comparison = await compareProtocols(plan, interruption.signal, (done, total, text) =>
      printer.progress(`${progressBar(done, total)} ${text}`),
    );
    printer.result(comparison, comparisonText(comparison));
    return undefined;
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    printer.talk(`${why}: stopped, and the network removed`);
    return why === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
  }
};
