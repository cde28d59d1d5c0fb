// Asks once for each row of an error table (a server answers with that row's refusal), and prints
// what the SDK makes of it as one JSON object: name of the row to kind, status and message.
import { createGateway, generateText } from 'ai';

const results = {};
for (const row of process.env.ROWS.split(' ')) {
  const gateway = createGateway({
    baseURL: `${process.env.SAFELIGHT_URL}/${row}/v4/ai`,
    apiKey: 'safelight',
  });
  try {
    await gateway('any/model').doGenerate({ prompt: [] });
  } catch (error) {
    results[row] = [error.name, error.statusCode, error.message];
  }
}
console.log(JSON.stringify(results));
