// openai-node meets refusals: the right class, every field, and no retry.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect, connect, OpenAI, refused } from './client.mjs';

const ask = { model: 'gpt-image-2', prompt: 'a fox' };

test('a bad value is a bad request, asked once', async () => {
  const { client, sent } = connect();
  const error = await refused(client.images.generate({ ...ask, n: 11 }));
  assert.ok(error instanceof OpenAI.BadRequestError);
  const text = "Invalid 'n': integer above maximum value. Expected a value <= 10, but got 11 instead.";
  assert.equal(error.message, `400 ${text}`);
  assert.deepEqual(error.error, {
    message: text, type: 'invalid_request_error', param: 'n', code: 'integer_above_max_value',
  });
  assert.match(error.requestID, /^req_[0-9a-f]{32}$/);
  assert.equal(sent.length, 1);
  assert.equal(sent[0].headers.get('x-stainless-retry-count'), '0');
});

test('an unknown model is named by the rules of each endpoint', async () => {
  const { client } = connect();
  const image = await refused(client.images.generate({ ...ask, model: 'dall-e-3' }));
  assert.equal(image.message, "400 The model 'dall-e-3' does not exist.");
  const messages = [{ role: 'user', content: 'hi' }];
  const chat = await refused(client.chat.completions.create({ model: 'nobody', messages }));
  assert.ok(chat instanceof OpenAI.NotFoundError);
  const text = 'The model `nobody` does not exist or you do not have access to it.';
  assert.equal(chat.message, `404 ${text}`);
});

test('a key made to fail fails', async () => {
  const { client } = connect('today', { apiKey: 'sk-invalid-0123456789-abcd' });
  const error = await refused(client.images.generate(ask));
  assert.ok(error instanceof OpenAI.AuthenticationError);
  assert.deepEqual([error.code, error.param], ['invalid_api_key', null]);
  assert.match(error.message, /^401 Incorrect API key provided: sk-inval\*{14}abcd\. You can find/);
});

test('a stream that is refused rejects before it starts', async () => {
  const { client } = connect();
  const error = await refused(client.images.generate({ ...ask, stream: true, partial_images: 4 }));
  assert.deepEqual([error.status, error.param], [400, 'partial_images']);
});

/** Return a client in a world of its own whose requests meet a fault, and what it sent. */
function troubled(world, fault) {
  const path = `/s/node-${process.env.OPENAI_PACKAGE}-${world}/openai/v1`;
  return connect('today', { path, defaultHeaders: { 'x-safelight-fault': fault } });
}

const retries = (sent) => sent.map(({ headers }) => headers.get('x-stainless-retry-count'));

test('a passing trouble is retried until it works', async () => {
  const { client, sent } = troubled('passing', 'rate_limited; times=2; retry_after=0.01');
  assert.equal((await client.images.generate(ask)).data.length, 1);
  assert.deepEqual(retries(sent), ['0', '1', '2']);
});

test('a lasting trouble rejects after three requests', async () => {
  const { client, sent } = troubled('lasting', 'rate_limited; retry_after=0.01');
  const error = await refused(client.images.generate(ask));
  assert.ok(error instanceof OpenAI.RateLimitError);
  assert.deepEqual([error.code, retries(sent)], ['rate_limit_exceeded', ['0', '1', '2']]);
});

// Generation 6 waits the whole minute; 7 does not trust a wait of more than sixty seconds.
if (process.env.OPENAI_PACKAGE !== 'openai6') {
  test('a long wait is cut to the usual one', async () => {
    const { client, sent } = troubled('long', 'rate_limited; times=1; retry_after=61');
    await client.images.generate(ask);
    assert.deepEqual(retries(sent), ['0', '1']);
  });
}

test('a stream that breaks rejects with what the event says', async () => {
  const { client } = troubled('mid', 'sse_error_mid');
  const events = collect(client.images.generate({ ...ask, stream: true, partial_images: 2 }));
  const error = await refused(events);
  assert.ok(error instanceof OpenAI.APIError);
  assert.equal(error.code, 'image_generation_failed');
});

test('comments between the events disturb nobody', async () => {
  const { client } = troubled('comments', 'sse_comments');
  const more = { stream: true, partial_images: 1 };
  const events = await collect(client.images.generate({ ...ask, ...more }));
  assert.deepEqual(events.map((e) => e.type.split('.')[1]), ['partial_image', 'completed']);
});
