// openai-node talks chat.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { collect, connect, sample } from './client.mjs';

const model = 'gpt-4o-mini';
const parameters = {
  type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false,
};
const tools = [{ type: 'function', function: { name: 'get_weather', strict: true, parameters } }];
const said = (content) => [{ role: 'user', content }];

test('an answer is whole', async () => {
  const reply = await connect().client.chat.completions.create({ model, messages: said('red foxes?') });
  assert.match(reply.choices[0].message.content, /foxes/);
  assert.equal(reply.choices[0].finish_reason, 'stop');
  assert.equal(reply.usage.total_tokens, reply.usage.prompt_tokens + reply.usage.completion_tokens);
});

test('a stream says what a body says', async () => {
  const { client } = connect();
  const ask = { model, messages: said('red foxes?'), n: 2 };
  const whole = await client.chat.completions.create(ask);
  const more = { stream: true, stream_options: { include_usage: true } };
  const chunks = await collect(client.chat.completions.create({ ...ask, ...more }));
  const texts = ['', ''];
  for (const chunk of chunks) for (const c of chunk.choices) texts[c.index] += c.delta.content ?? '';
  assert.deepEqual(texts, whole.choices.map((choice) => choice.message.content));
  assert.deepEqual([chunks.at(-1).choices, chunks.at(-1).usage], [[], whole.usage]);
});

test('parallel calls are put together again', async () => {
  const messages = said('What is the weather in Oslo and Rome?');
  const stream = connect().client.chat.completions.stream({ model, messages, tools });
  const { tool_calls: calls } = (await stream.finalChatCompletion()).choices[0].message;
  assert.deepEqual(calls.map((call) => JSON.parse(call.function.arguments).city), ['Oslo', 'Rome']);
});

test('runTools goes round until there is a text', async () => {
  const get = { ...tools[0].function, parse: JSON.parse, function: () => '12 degrees' };
  const runner = connect().client.chat.completions.runTools({
    model, messages: said('What is the weather in Oslo?'), tools: [{ type: 'function', function: get }],
  });
  assert.match(await runner.finalContent(), /12 degrees/);
});

test('structured output is parsed', async () => {
  const schema = { ...parameters };
  const response_format = { type: 'json_schema', json_schema: { name: 'place', strict: true, schema } };
  const reply = await connect().client.chat.completions.parse({
    model, messages: said('Oslo in winter'), response_format,
  });
  assert.equal(typeof JSON.parse(reply.choices[0].message.content).city, 'string');
});

test('logprobs spell the answer', async () => {
  const ask = { model, messages: said('red foxes?'), logprobs: true, top_logprobs: 2 };
  const [choice] = (await connect().client.chat.completions.create(ask)).choices;
  assert.equal(choice.logprobs.content.map((item) => item.token).join(''), choice.message.content);
});

test('a picture is looked at', async () => {
  const url = `data:image/png;base64,${fs.readFileSync(sample('alpha.png')).toString('base64')}`;
  const content = [{ type: 'text', text: 'What is this?' }, { type: 'image_url', image_url: { url } }];
  const reply = await connect().client.chat.completions.create({ model, messages: said(content) });
  assert.match(reply.choices[0].message.content, /256/);
});
