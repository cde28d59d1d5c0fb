// openai-node makes and edits pictures.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { collect, connect, head, refused, sample, toFile } from './client.mjs';

const photo = () => toFile(fs.readFileSync(sample('photo.png')), 'photo.png', { type: 'image/png' });

for (const format of ['png', 'jpeg', 'webp']) {
  test(`a ${format} has the format asked for`, async () => {
    const reply = await connect().client.images.generate({
      model: 'gpt-image-2', prompt: 'a red fox', size: '1536x1024', quality: 'low', output_format: format,
    });
    assert.equal(head(reply.data[0].b64_json)[0], format);
    assert.deepEqual([reply.size, reply.quality, reply.output_format], ['1536x1024', 'low', format]);
    assert.equal(reply.usage.output_tokens, 400);
    assert.match(reply._request_id, /^req_[0-9a-f]{32}$/);
  });
}

test('the newest formats arrive', async () => {
  const ask = { model: 'gpt-image-2.5-flare', prompt: 'a fox', size: '1024x1024' };
  const { client } = connect();
  const gif = await client.images.generate({ ...ask, output_format: 'gif', frame_count: 3 });
  assert.deepEqual(head(gif.data[0].b64_json), ['gif', 1024, 1024]);
  const svg = { output_format: 'svg', svg: { model: 'gpt-6-astra' } };
  const drawing = await client.images.generate({ ...ask, ...svg });
  assert.equal(head(drawing.data[0].b64_json)[0], '<svg');
});

test('n pictures differ', async () => {
  const ask = { model: 'gpt-image-2', prompt: 'a red fox', quality: 'low', n: 3 };
  const reply = await connect().client.images.generate(ask);
  assert.equal(new Set(reply.data.map((item) => item.b64_json)).size, 3);
  assert.equal(reply.usage.output_tokens, 3 * 272);
});

test('a stream shows previews and then the picture', async () => {
  const ask = { model: 'gpt-image-1.5', prompt: 'a fox', size: '1024x1024', quality: 'high' };
  const events = await collect(
    connect().client.images.generate({ ...ask, stream: true, partial_images: 3 }),
  );
  const names = ['partial_image', 'partial_image', 'partial_image', 'completed'];
  assert.deepEqual(events.map((e) => e.type), names.map((name) => `image_generation.${name}`));
  assert.deepEqual(events.map((e) => head(e.b64_json)), Array(4).fill(['png', 1024, 1024]));
  assert.equal(events[3].usage.output_tokens, 4460);
});

test('an edit takes one file, and a list of them', async () => {
  const { client } = connect();
  const ask = { model: 'gpt-image-1.5', prompt: 'add a hat', size: '1024x1024' };
  const one = await client.images.edit({ ...ask, image: await photo() });
  const two = await client.images.edit({ ...ask, image: [await photo(), await photo()] });
  assert.equal(one.usage.input_tokens_details.image_tokens, 194);
  assert.equal(two.usage.input_tokens_details.image_tokens, 388);
});

test('an edit takes a mask and streams', async () => {
  const mask = await toFile(fs.readFileSync(sample('mask.png')), 'mask.png', { type: 'image/png' });
  const ask = { model: 'gpt-image-1.5', prompt: 'add a hat', image: await photo(), mask };
  const events = await collect(
    connect().client.images.edit({ ...ask, stream: true, partial_images: 1 }),
  );
  assert.deepEqual(events.map((e) => e.type), ['image_edit.partial_image', 'image_edit.completed']);
});

test('a file that is streamed arrives in chunks, and has to say what it is', async () => {
  const { client, sent } = connect();
  const ask = { model: 'gpt-image-1.5', prompt: 'add a hat', size: '1024x1024' };
  const whole = await client.images.edit({ ...ask, image: await photo() });
  const typed = await toFile(fs.createReadStream(sample('photo.png')), null, { type: 'image/png' });
  const read = await client.images.edit({ ...ask, image: typed });
  assert.ok(read.data[0].b64_json === whole.data[0].b64_json, 'the same picture');
  const bare = { ...ask, image: fs.createReadStream(sample('photo.png')) };
  const error = await refused(client.images.edit(bare));
  assert.deepEqual([error.status, error.code, error.param], [400, 'unsupported_file_mimetype', 'image']);
  assert.match(error.message, /unsupported mimetype \('application\/octet-stream'\)/);
  assert.equal(sent.length, 3);
});

test('the oldest models answer with a url, and vary a picture', async () => {
  const { client } = connect('dall-e');
  const ask = { model: 'dall-e-3', prompt: 'a fox', style: 'natural' };
  const [{ url, revised_prompt }] = (await client.images.generate(ask)).data;
  const picture = Buffer.from(await (await fetch(url)).arrayBuffer()).toString('base64');
  assert.deepEqual(head(picture), ['png', 1024, 1024]);
  assert.match(revised_prompt, /fox/);
  const image = await toFile(fs.readFileSync(sample('alpha.png')), 'a.png', { type: 'image/png' });
  const more = { model: 'dall-e-2', n: 2, size: '256x256', response_format: 'b64_json' };
  const varied = await client.images.createVariation({ image, ...more });
  assert.deepEqual(varied.data.map((item) => head(item.b64_json)), Array(2).fill(['png', 256, 256]));
});
