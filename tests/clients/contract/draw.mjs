// A small application of the AI SDK that does it right: it draws a picture and looks at its bytes.
import * as ai from 'ai';

const generateImage = ai.generateImage ?? ai.experimental_generateImage;
const { images } = await generateImage({
  model: 'bfl/flux-2-pro',
  prompt: 'a red circle',
  maxRetries: 1,
  abortSignal: AbortSignal.timeout(5000),
});
const head = Buffer.from(images[0].uint8Array.slice(0, 4)).toString('hex');
if (!['89504e47', 'ffd8ffe0', 'ffd8ffe1', '52494646'].includes(head)) throw new Error('no picture');
console.log(images.length, 'picture');
