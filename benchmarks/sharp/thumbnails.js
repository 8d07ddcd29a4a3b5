// Makes a WebP thumbnail for each line of standard input, {"path", "longest"}, and answers each
// with the processor seconds that it took and the thumbnail's size.
import { createInterface } from 'node:readline';
import sharp from 'sharp';

sharp.concurrency(1);
sharp.cache(false);

for await (const line of createInterface({ input: process.stdin })) {
  const { path, longest } = JSON.parse(line);
  const before = process.cpuUsage();
  const { info } = await sharp(path)
    .autoOrient()
    .resize(longest, longest, { fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 80, effort: 4 })
    .toBuffer({ resolveWithObject: true });
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ seconds: (user + system) / 1e6, size: [info.width, info.height] }));
}
