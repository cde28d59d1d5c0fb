// What the examples do not show: three pictures at once, an error, a mask, chat and its stream.
import { createTogetherAI } from '@ai-sdk/togetherai';
import * as ai from 'ai';

globalThis.AI_SDK_LOG_WARNINGS = false; // it warns of an aspectRatio that nobody gave
const generateImage = ai.generateImage ?? ai.experimental_generateImage;
const togetherai = createTogetherAI({ baseURL: process.env.BASE_URL, apiKey: 'sk-test' });
const chat = togetherai('meta-llama/Llama-3.3-70B-Instruct-Turbo');
const out = {};

const several = await generateImage({
  model: togetherai.image('black-forest-labs/FLUX.1-schnell'),
  prompt: 'A lighthouse',
  n: 3,
  maxImagesPerCall: 4,
  size: '256x256',
  seed: 7,
});
out.several = several.images.map((image) => image.base64);

try {
  await generateImage({
    model: togetherai.image('google/flash-image-2.5'),
    prompt: 'A lighthouse',
    providerOptions: { togetherai: { image_url: 'https://example.com/photo.png' } },
  });
} catch (error) {
  out.error = { status: error.statusCode, message: error.message };
}

const said = await ai.generateText({ model: chat, prompt: 'Reply with exactly: Hello!' });
out.text = said.text;

const stream = ai.streamText({ model: chat, prompt: 'Reply with exactly: Hello!' });
out.pieces = [];
for await (const piece of stream.textStream) out.pieces.push(piece);
out.usage = await stream.usage;
out.reason = await stream.finishReason;

console.log(JSON.stringify(out));
