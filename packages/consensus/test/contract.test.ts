import { expect, it } from 'vitest';
import { AssertionError, assert, assertNever, ENGINE_TIMING_DEFAULT, ENGINE_WINDOW_DEFAULT } from '../src/index.ts';

it('has the defaults of the design', () => {
  expect(ENGINE_TIMING_DEFAULT).toEqual({ heartbeatMs: 50, electionMs: 400, roundMs: 500, roundMsMax: 5000 });
  expect(ENGINE_WINDOW_DEFAULT).toEqual({ payloads: 64, bytes: 16 * 1024 * 1024 });
});

it('asserts facts with a code', () => {
  expect(() => assert(true, 'holds')).not.toThrow();
  expect(() => assert(false, 'one is two')).toThrow(new AssertionError('one is two'));
  expect(() => assertNever('odd' as never)).toThrow(expect.objectContaining({ code: 'INVARIANT_BROKEN' }));
});
