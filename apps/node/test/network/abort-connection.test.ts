import { expect, it } from 'vitest';
import { abortConnection } from '../../src/network/errors.ts';

it('ends a connection, and is not stopped by one that cannot say goodbye', () => {
  const reasons: string[] = [];
  abortConnection({ abort: (error) => void reasons.push(error.message) }, 'the reason');
  const closing = {
    abort: () => {
      throw new Error('Cannot write to a stream that is closed');
    },
  };
  expect(() => abortConnection(closing, 'late')).not.toThrow();
  expect(reasons).toEqual(['the reason']);
});
