/* Uses enough of the C library to show that it starts, allocates, formats, converts and starts a thread.
   Argument: the version the library must report. */
#include <gnu/libc-version.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *square(void *value)
{
    double *number = value;
    *number = *number * *number;
    return NULL;
}

int main(int argc, char **argv)
{
    char *text = malloc(64);
    volatile double nine = 9.0;
    double root = sqrt(nine);
    pthread_t thread;

    if (argc != 2 || strcmp(gnu_get_libc_version(), argv[1]) != 0)
        return 1;
    if (text == NULL || setlocale(LC_ALL, "C") == NULL)
        return 2;
    if (pthread_create(&thread, NULL, square, &root) != 0 || pthread_join(thread, NULL) != 0)
        return 3;
    snprintf(text, 64, "%.1f", root);
    return strcmp(text, "9.0") == 0 ? 0 : 4;
}
