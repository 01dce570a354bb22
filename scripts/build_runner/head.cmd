@echo off
rem Axiom's runner as boinc-client starts it on Windows. The interpreter's files lie beside this text under names of our
rem own, each signed by the Python Software Foundation or by Microsoft. They are copied once to the names that they know;
rem then the interpreter verifies and unpacks the runtime. The draft is named after the folder of the task, which no other
rem task has meanwhile: two that start in one second draw the same random number.
setlocal DisableDelayedExpansion
set "PATH=%SystemRoot%\System32"
set "project=%~dp0"
set "home=%project%axiom"
set "boot=%home%\boot-@BOOT@"
if exist "%boot%\boot.py" goto run
for %%I in ("%CD%") do set "draft=%home%\.boot.%%~nxI"
rmdir /s /q "%draft%" 2>nul
mkdir "%draft%" || goto full
@COPIES@
ren "%draft%" "boot-@BOOT@" 2>nul || rmdir /s /q "%draft%"
:run
"%boot%\python.exe" -I -S -B -X utf8 "%boot%\boot.py" "%project%." @RUNTIME@ @SHA256@ %*
exit /b %ERRORLEVEL%
:full
rmdir /s /q "%draft%"
(echo 600& echo The interpreter of the runner cannot be copied beside the files of the project. Make room on that disk.)>boinc_temporary_exit || exit /b 15
exit /b 0
