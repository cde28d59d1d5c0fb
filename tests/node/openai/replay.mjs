// Asks one thing of every kind with openai-node and prints what came back as one JSON object: run
// against a live service and again against its recording, it has to print the same.
import fs from 'node:fs';

const library = await import(process.env.OPENAI_PACKAGE);
const client = new library.default({
  apiKey: 'sk-test-of-a-user', baseURL: `${process.env.SAFELIGHT_URL}/openai/v1`, maxRetries: 0,
});
const file = (name) => library.toFile(fs.readFileSync(name), name, { type: 'image/png' });

async function collect(stream) {
  const events = [];
  for await (const event of await stream) events.push(event);
  return events;
}

const draw = { model: 'gpt-image-2', prompt: 'a red fox', size: '1024x1024', quality: 'low' };
const said = [{ role: 'user', content: 'What do foxes eat?' }];
const photo = `data:image/png;base64,${fs.readFileSync('photo.png').toString('base64')}`;
const shown = [{ role: 'user', content: [
  { type: 'text', text: 'What is in this picture?' }, { type: 'image_url', image_url: { url: photo } },
] }];
const out = {
  generated: await client.images.generate({ ...draw, n: 2 }),
  edited: await client.images.edit({
    ...draw, image: await file('photo.png'), mask: await file('mask.png'),
  }),
  stream: await collect(client.images.generate({ ...draw, stream: true, partial_images: 2 })),
  editStream: await collect(
    client.images.edit({ ...draw, image: await file('photo.png'), stream: true, partial_images: 1 }),
  ),
  chat: await client.chat.completions.create({ model: 'gpt-4o-mini', messages: said }),
  chatStream: await collect(
    client.chat.completions.create({ model: 'gpt-4o-mini', messages: said, stream: true }),
  ),
  seen: await collect(
    client.chat.completions.create({ model: 'gpt-4o-mini', messages: shown, stream: true }),
  ),
  models: (await client.models.list()).data.map((model) => model.id),
};
try {
  await client.images.generate({ ...draw, model: 'no-such' });
} catch ({ status, code, message, requestID }) {
  out.refused = { status, code, message, requestID };
}
process.stdout.write(JSON.stringify(out));
