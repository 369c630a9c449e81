import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReceiveWindow, SendWindow } from '../../../src/guest/window.ts';

test('a sender is never stuck: whatever the sizes, consuming all parts opens the window', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 3_000_000 }), { maxLength: 300 }), async (sizes) => {
      const send = new SendWindow();
      const receive = new ReceiveWindow();
      for (const size of sizes) {
        send.sent(size);
        const due = receive.consumed(size);
        if (due) send.acknowledged(due.parts, due.bytes);
        await send.room();
      }
    }),
  );
});

test('a sender waits while nothing is consumed and goes on when it is', async () => {
  const window = new SendWindow();
  for (let i = 0; i < 63; i++) {
    window.sent(1);
    await window.room();
  }
  window.sent(1);
  let isOpen = false;
  const room = window.room().then(() => {
    isOpen = true;
  });
  await Promise.resolve();
  expect(isOpen).toBe(false);
  window.acknowledged(16, 16);
  await room;
  expect(isOpen).toBe(true);
});
