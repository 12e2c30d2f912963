/*
 * The floor: a FastCGI program that answers every request with the bytes of the file $CONSTANT_BODY,
 * and does nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <fcgiapp.h>

int
main(void)
{
	static char body[1 << 20];
	FILE *f = fopen(getenv("CONSTANT_BODY") != NULL ? getenv("CONSTANT_BODY") : "", "r");
	FCGX_Request request;
	char drain[4096];
	int n;

	if (f == NULL)
		return 1;
	n = (int)fread(body, 1, sizeof(body), f);
	fclose(f);
	FCGX_Init();
	FCGX_InitRequest(&request, 0, 0);
	while (FCGX_Accept_r(&request) == 0) {
		while (FCGX_GetStr(drain, sizeof(drain), request.in) > 0)
			;
		FCGX_FPrintF(request.out, "Status: 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
		    "Content-Length: %d\r\n\r\n", n);
		FCGX_PutStr(body, n, request.out);
		FCGX_Detach(&request);
		FCGX_Finish_r(&request);
	}
	return 0;
}
