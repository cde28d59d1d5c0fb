// A small application of the AI SDK that does it right: it streams a text, and ends with 1 when the
// stream did not end well.
import { streamText } from 'ai';

let failed;
const result = streamText({
  model: 'openai/gpt-4.1-nano',
  prompt: 'Say hello.',
  maxRetries: 1,
  abortSignal: AbortSignal.timeout(5000),
  onError: ({ error }) => {
    failed = error;
  },
});

let text = '';
for await (const part of result.textStream) text += part;
if (failed === undefined) {
  const reason = await result.finishReason;
  if (!['stop', 'length'].includes(reason)) failed = new Error(`it ended by ${reason}`);
}
if (failed !== undefined) {
  console.error(`${failed.name}: ${failed.message}`);
  process.exit(1);
}
console.log(text);
