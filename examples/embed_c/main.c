/* A program with a compiled network inside: classifies a picture (binary PPM), prints the three best labels.
 *
 *   classify photo.ppm
 *
 * The network is the one that ships with Pith, compiled by
 *   pith compile pith/demo/mobilenext_cifar10.onnx -t c99 -o net
 * The network allocates nothing: all the memory it uses is the arena below.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mobilenext_cifar10.h"

enum { SIZE = 32, CHANNELS = 3, CLASSES = 10, LARGEST = 4096 };

static const char *const labels[CLASSES] = {
  "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"
};
static const float mean[CHANNELS] = {0.4914f, 0.4822f, 0.4465f};
static const float deviation[CHANNELS] = {0.247f, 0.2435f, 0.2616f};

/* The network's memory: at least ARENA_SIZE bytes, aligned to ARENA_ALIGN. Static here; a stack or a heap serves too. */
static _Alignas(MOBILENEXT_CIFAR10_ARENA_ALIGN) unsigned char arena[MOBILENEXT_CIFAR10_ARENA_SIZE];

/* Reads a binary PPM with 8 bits a colour; returns its pixels (for the caller to free), or NULL. */
static unsigned char *read_ppm(const char *path, int *width, int *height) {
  unsigned char *pixels = NULL;
  int depth = 0;
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  if (fscanf(file, "P6 %d %d %d", width, height, &depth) == 3 && fgetc(file) != EOF && depth == 255 &&
      *width > 0 && *height > 0 && *width <= LARGEST && *height <= LARGEST) {
    const size_t bytes = (size_t)*width * (size_t)*height * CHANNELS;
    pixels = malloc(bytes);
    if (pixels && fread(pixels, 1, bytes, file) != bytes) {
      free(pixels);
      pixels = NULL;
    }
  }
  fclose(file);
  return pixels;
}

/* The middle square of the picture as the network wants it: [channel][row][column], each pixel the mean of its area. */
static void prepare(const unsigned char *pixels, int width, int height, float *image) {
  const int side = width < height ? width : height;
  const int left = (width - side) / 2, top = (height - side) / 2;
  for (int c = 0; c < CHANNELS; ++c)
    for (int y = 0; y < SIZE; ++y)
      for (int x = 0; x < SIZE; ++x) {
        const int y0 = y * side / SIZE, y1 = (y + 1) * side / SIZE, x0 = x * side / SIZE, x1 = (x + 1) * side / SIZE;
        float sum = 0.0f;
        int count = 0;
        for (int v = y0; v < (y1 > y0 ? y1 : y0 + 1); ++v)
          for (int u = x0; u < (x1 > x0 ? x1 : x0 + 1); ++u, ++count)
            sum += pixels[((size_t)(top + v) * (size_t)width + (size_t)(left + u)) * CHANNELS + (size_t)c];
        image[(c * SIZE + y) * SIZE + x] = (sum / (float)count / 255.0f - mean[c]) / deviation[c];
      }
}

int main(int argc, char **argv) {
  static float image[CHANNELS * SIZE * SIZE], logits[CLASSES];
  int width = 0, height = 0;
  unsigned char *pixels = argc == 2 ? read_ppm(argv[1], &width, &height) : NULL;
  if (!pixels) {
    fprintf(stderr, "usage: classify photo.ppm   (binary PPM, at most %d pixels a side)\n", LARGEST);
    return 2;
  }
  prepare(pixels, width, height, image);
  free(pixels);

  const mobilenext_cifar10_inputs in = {.image = image};
  const mobilenext_cifar10_outputs out = {.logits = logits};
  const int code = mobilenext_cifar10_run(arena, &in, &out);
  if (code != MOBILENEXT_CIFAR10_OK) {
    fprintf(stderr, "the network refused its arguments: code %d\n", code);
    return 1;
  }

  for (int k = 0; k < 3; ++k) {
    int best = 0;
    for (int i = 1; i < CLASSES; ++i)
      if (logits[i] > logits[best]) best = i;
    printf("%-10s %8.4f\n", labels[best], (double)logits[best]);
    logits[best] = -1e30f;
  }
  return 0;
}
