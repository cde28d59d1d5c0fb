// openai-node as one test run uses it: which generation, which servers, which pictures to send.
// The Python side says all of it by environment; nothing here knows this project.
import assert from 'node:assert/strict';
import path from 'node:path';

const library = await import(process.env.OPENAI_PACKAGE);
const origins = JSON.parse(process.env.SAFELIGHT_ORIGINS);

export const OpenAI = library.default;
export const { toFile } = library;

/** Return a client of the server of that name, and the requests that it has sent. */
export function connect(name = 'today', options = {}) {
  const sent = [];
  const fetch = async (url, init) => {
    const answer = await globalThis.fetch(url, init);
    sent.push({ url: String(url), headers: new Headers(init.headers), status: answer.status });
    return answer;
  };
  const baseURL = `${origins[name]}${options.path ?? '/openai/v1'}`;
  return { sent, client: new OpenAI({ apiKey: 'sk-test', baseURL, fetch, ...options }) };
}

/** Return where a sample picture lies. */
export function sample(name) {
  return path.join(process.env.SAFELIGHT_SAMPLES, name);
}

/** Return everything that a stream yields. */
export async function collect(stream) {
  const events = [];
  for await (const event of await stream) events.push(event);
  return events;
}

/** Return the error that a call rejects with. */
export async function refused(call) {
  let caught;
  await assert.rejects(call, (error) => Boolean((caught = error)));
  return caught;
}

/** Return [format, width, height] as the head of a picture's file tells them. */
export function head(base64) {
  const data = Buffer.from(base64, 'base64');
  assert.equal(data.toString('base64'), base64, 'padded standard base64');
  if (data.subarray(1, 4).equals(Buffer.from('PNG'))) {
    return ['png', data.readUInt32BE(16), data.readUInt32BE(20)];
  }
  if (data.subarray(0, 3).toString() === 'GIF') {
    return ['gif', data.readUInt16LE(6), data.readUInt16LE(8)];
  }
  if (data.subarray(8, 12).toString() === 'WEBP') return ['webp', 0, 0];
  if (data[0] === 0xff && data[1] === 0xd8) return ['jpeg', 0, 0];
  return [data.subarray(0, 4).toString(), 0, 0];
}
