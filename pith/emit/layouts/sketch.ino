// Runs @NAME@ over and over and prints its first output. Fill the inputs with what your sensor gives.
#include <@NAME@.h>

static unsigned char arena[@ARENA@_ARENA_SIZE] __attribute__((aligned(@UP@_ARENA_ALIGN)));
@ARRAYS@

void setup() { Serial.begin(115200); }

void loop() {
  const @SYMBOL@_inputs in = {@IN@};
  const @SYMBOL@_outputs out = {@OUT@};
  const unsigned long begin = micros();
  const int status = @SYMBOL@_run(arena, &in, &out);
  const unsigned long spent = micros() - begin;
  if (status != @UP@_OK) {
    Serial.println("the network refused its arguments");
    return;
  }
  for (long i = 0; i < @COUNT@; i++) {
    Serial.print((@KIND@)@FIRST@[i]);
    Serial.print(' ');
  }
  Serial.print(spent);
  Serial.println(" us");
  delay(1000);
}
